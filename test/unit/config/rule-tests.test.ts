import { expect, test } from "vitest";
import { buildValue, smallConfig } from "./build-helper.ts";
import type { BuildOutput } from "../../../src/config/build.ts";

interface RuleInput {
  readonly when: string;
  readonly tests: Readonly<Record<string, unknown>>;
  readonly phase?: string;
  readonly more?: Readonly<Record<string, unknown>>;
  readonly pool?: Readonly<Record<string, unknown>>;
}

function build({ when, tests, phase = "request", more = {}, pool = {} }: RuleInput): Promise<BuildOutput> {
  const rule = { id: "r", phase, when, action: "log", tests };
  return buildValue(smallConfig({ more: { firewall: [rule], ...more }, pool }));
}

/** What is said of the tests. */
async function told(input: RuleInput): Promise<readonly string[]> {
  const { diagnostics } = await build(input);
  return diagnostics.filter(({ code }) => code.startsWith("rule-test")).map(({ message, fix }) => `${message} ${fix}`);
}

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
const post = (body: string, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  method: "POST",
  body,
  headers: FORM,
  ...more,
});

test.each<[string, RuleInput]>([
  [
    "a form field",
    {
      when: 'any(http.request.body.form["role"][*] eq "admin")',
      tests: { match: [post("role=user&role=admin")], pass: [post("role=user"), "POST /", "GET /"] },
    },
  ],
  [
    "JSON",
    {
      when: 'lookup_json_string(http.request.body.raw, "user", "role") eq "admin"',
      tests: { match: [post('{"user":{"role":"admin"}}')], pass: [post("{}"), post("not JSON")] },
    },
  ],
  [
    "a file name",
    {
      when: 'any(lower(http.request.body.multipart.filenames[*][0])[*] matches r"\\.php$")',
      tests: {
        match: [
          post('--b\r\nContent-Disposition: form-data; name="f"; filename="X.PHP"\r\n\r\n1\r\n--b--\r\n', {
            headers: { "Content-Type": "multipart/form-data; boundary=b" },
          }),
        ],
      },
    },
  ],
  ["the size of a body, in bytes", { when: "http.request.body.size eq 2", tests: { match: [post("é")], pass: [post("e"), "POST /"] } }],
  [
    "a body beyond the limit, by its beginning",
    {
      when: 'http.request.body.truncated and not http.request.body.raw contains "end"',
      tests: { match: [post(`${"x".repeat(8 * 1024)}end`)], pass: [post(`${"x".repeat(8 * 1024 - 3)}end`)] },
      more: { inspection: { bytes: "8KiB" } },
    },
  ],
  [
    "a body beyond the limit that is passed over",
    {
      when: 'http.request.body.raw contains "x"',
      tests: { match: [post("x".repeat(8 * 1024))], pass: [post("x".repeat(8 * 1024 + 1))] },
      more: { inspection: { bytes: "8KiB", over: "skip" } },
    },
  ],
  [
    "an answer",
    {
      phase: "response",
      when: 'http.response.code in {500..599} and http.response.headers["x-powered-by"][0] ne "" and bw.cache.status eq "MISS"',
      tests: { match: [{ status: 503, responseHeaders: { "X-Powered-By": "PHP", "X-Cache": "MISS" } }], pass: [{ status: 404 }, "GET /"] },
    },
  ],
  [
    "an answer of 200 unless it says otherwise",
    { phase: "log", when: "http.response.code eq 200", tests: { match: ["GET /"], pass: [{ status: 201 }] } },
  ],
  ["the route", { when: 'bw.route contains "/*"', tests: { match: ["GET /a"], pass: ["GET https://other.example.com/"] } }],
  [
    "without our own cookies and headers",
    {
      when: 'http.cookie contains "stay" or has_key(http.request.headers, "x-origin-key")',
      tests: { match: [{ headers: { Cookie: "stay2=1" } }], pass: [{ headers: { Cookie: "stay=1", "X-Origin-Key": "k" } }] },
      pool: { sticky: { cookie: "stay" }, auth: { header: "X-Origin-Key", secret: "ORIGIN_KEY" } },
    },
  ],
])("tests give %s", async (_, input) => {
  const { diagnostics } = await build(input);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
});

test.each<[string, RuleInput, RegExp]>([
  [
    "a body on a GET",
    { when: 'http.request.body.raw eq "a"', tests: { match: [{ body: "a" }] } },
    /Give the test another `method`: nobody gets the body of a GET/,
  ],
  ["no body", { when: 'http.request.body.raw eq "a"', tests: { match: ["POST /"] } }, /give the test a `body`/],
  [
    "a form without its type",
    { when: 'http.request.body.form["a"][0] eq "b"', tests: { match: [{ method: "POST", body: "a=b" }] } },
    /the header Content-Type/,
  ],
  [
    "a body that is refused",
    {
      when: "http.request.body.truncated",
      tests: { match: [post("x".repeat(8 * 1024 + 1))] },
      more: { inspection: { bytes: "8KiB", over: "block" } },
    },
    /never reaches a rule: it is refused with body-too-large/,
  ],
  ["an answer in a phase that has none", { when: "ssl", tests: { match: [{ status: 404 }] } }, /a rule of the phase request never sees/],
  ["a wrong expectation", { when: "ssl", tests: { pass: ["GET /"] } }, /matches GET \/, but its tests say that it must not/],
])("a test with %s is told so", async (_, input, message) => {
  const messages = await told(input);
  expect(messages).toHaveLength(1);
  expect(messages[0]).toMatch(message);
});
