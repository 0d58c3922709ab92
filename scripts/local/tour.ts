// What `npm start` prints once everything runs: the address, and commands that show each part at work. Each of them works as it
// is printed, on the example config.

import type { OriginProcess } from "./origins.ts";

export interface TourInput {
  /** Of the Worker, without a trailing slash. */
  readonly url: string;
  /** The user's own config, or null for the demonstration. */
  readonly config: string | null;
  /** A host name that the user's config answers for; null when it answers for any. */
  readonly host: string | null;
  readonly origins: readonly OriginProcess[];
  readonly logFile: string;
}

/** Lines for a person. */
export function tour(input: TourInput): string {
  const head = ["", `Breakwater runs at ${input.url}`, ""];
  const tail = [`  The Worker's log, one JSON line per request: ${input.logFile}`, "  Ctrl-C stops everything.", ""];
  return [...head, ...(input.config === null ? demoLines(input) : ownLines(input, input.config)), ...tail].join("\n");
}

function ownLines({ url, host }: TourInput, config: string): readonly string[] {
  const here = targetOption(url);
  const page = host === null ? `${url}/` : `http://${host}/`;
  return [
    step("Ask for something", host === null ? `curl -i ${url}/` : `curl -i -H 'Host: ${host}' ${url}/`),
    step("See why it is answered as it is", `npm run breakwater -- explain GET ${page} ${here}`),
    step("Publish after an edit", `npm run breakwater -- publish ${config} ${here}`),
    step("All commands", "npm run breakwater -- --help"),
  ];
}

function demoLines({ url, origins }: TourInput): readonly string[] {
  const here = targetOption(url);
  const first = origins[0];
  return [
    `  Origins: ${origins.map(({ name, url: origin, pid }) => `${name} ${origin} (pid ${pid})`).join(", ")}`,
    "",
    step("A routed request: ask again, and another origin says hello", `curl -s ${url}/ | grep Hello`),
    step("MISS, then HIT with an age", `curl -s -o /dev/null -D - ${url}/static/app.css | grep -i -E 'x-cache|^age'    # twice`),
    step("A request that the firewall blocks", `curl -i ${url}/wp-login.php`),
    step(
      `Kill an origin (${first?.name ?? "one"}): not one request is lost`,
      `kill -9 ${first?.pid ?? 0}; for i in $(seq 30); do curl -s -o /dev/null -w '%{http_code} ' ${url}/; done`,
    ),
    step("Or make one fail: 500, 503, hang, reset, slow, off", `curl -d '{"mode":"503"}' ${origins[1]?.url ?? ""}/__fail`),
    step(
      "Add a rule; it is in force at once",
      `npm run breakwater -- rule add 'http.request.uri.path eq "/api/time"' --id no-time --action block ${here} --yes && curl -i ${url}/api/time`,
    ),
    step("And take it away", `npm run breakwater -- rule remove no-time ${here} --yes`),
    step("See why a request is answered as it is", `npm run breakwater -- explain GET ${url}/static/app.css ${here}`),
    step("All commands", "npm run breakwater -- --help"),
  ];
}

/** The command line looks at the usual port by itself. */
function targetOption(url: string): string {
  return url.endsWith(":8787") ? "--local" : `--local --worker ${url}`;
}

function step(what: string, command: string): string {
  return `  ${what}\n    ${command}\n`;
}
