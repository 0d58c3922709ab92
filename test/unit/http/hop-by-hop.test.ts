import fc from "fast-check";
import { expect, test } from "vitest";
import { appendCdnLoop, passesThrough } from "../../../src/http/cdn-loop.ts";
import { isUpgradeRequest, stripHopByHop } from "../../../src/http/hop-by-hop.ts";
import { appendVia } from "../../../src/http/via.ts";

const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "proxy-authenticate",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
];

test("fields of the connection are dropped, and those that Connection names", () => {
  const headers = new Headers({
    connection: "close, X-Hop , x-other",
    "x-hop": "1",
    "X-Other": "2",
    "x-kept": "3",
    te: "trailers",
    "keep-alive": "timeout=5",
  });
  expect([...stripHopByHop(headers)]).toEqual([["x-kept", "3"]]);
  expect(headers.get("x-hop")).toBe("1");
});

test.each([
  "host",
  "authorization",
  "cookie",
  "set-cookie",
  "content-length",
  "content-type",
  "content-encoding",
  "cache-control",
  "vary",
  "cdn-loop",
  "via",
  "forwarded",
  "x-forwarded-for",
  "x-real-ip",
  "cf-connecting-ip",
  "if-none-match",
  "range",
  "accept-encoding",
  "strict-transport-security",
  "content-security-policy",
])("%s stays although Connection names it: the next server relies on it", (name) => {
  const headers = new Headers({ connection: `close, ${name.toUpperCase()}` });
  headers.append(name, "x");
  expect(stripHopByHop(headers).get(name)).toBe("x");
});

test("several cookies of an answer stay several", () => {
  const headers = new Headers([
    ["set-cookie", "a=1; Expires=Mon, 01 Jan 2035 00:00:00 GMT"],
    ["set-cookie", "b=2"],
    ["connection", "keep-alive"],
  ]);
  expect(stripHopByHop(headers).getSetCookie()).toEqual(["a=1; Expires=Mon, 01 Jan 2035 00:00:00 GMT", "b=2"]);
});

test.each([
  ["websocket", true],
  ["WebSocket", true],
  ["h2c, websocket", true],
  ["h2c", false],
  ["websockets", false],
  ["", false],
])("Upgrade: %s is a WebSocket handshake: %s", (value, isUpgrade) => {
  const headers = new Headers({ upgrade: value, connection: "Upgrade", "sec-websocket-key": "x" });
  expect(isUpgradeRequest(headers)).toBe(isUpgrade);
  const stripped = stripHopByHop(headers);
  expect(stripped.get("upgrade")).toBe(isUpgrade ? "websocket" : null);
  expect(stripped.get("sec-websocket-key")).toBe("x");
});

test("whatever Connection says, no field of the connection survives, and all that it does not name does", () => {
  const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/).filter((name) => !HOP_BY_HOP.includes(name));
  const connection = fc.array(fc.oneof(token, fc.constantFrom(...HOP_BY_HOP, '"', "a b", "", "*", "close")), { maxLength: 6 });
  fc.assert(
    fc.property(fc.uniqueArray(token, { maxLength: 6 }), fc.subarray(HOP_BY_HOP), connection, (names, hops, named) => {
      const headers = new Headers();
      for (const name of [...names, ...hops]) headers.set(name, "x");
      headers.set("connection", named.join(", "));
      const kept = stripHopByHop(headers);
      for (const name of HOP_BY_HOP) expect(kept.has(name)).toBe(false);
      expect(names.filter((name) => !named.includes(name) && kept.get(name) !== "x")).toEqual([]);
    }),
  );
});

test("Via grows by the protocol of the message and a pseudonym", () => {
  const headers = new Headers({ via: "1.0 fred" });
  appendVia(headers, "HTTP/2");
  appendVia(headers, "HTTP/1.1");
  appendVia(headers, "junk\r\nx: y");
  expect(headers.get("via")).toBe("1.0 fred, 2 breakwater, 1.1 breakwater, 1.1 breakwater");
});

test.each([
  [null, 0],
  ["", 0],
  ["other", 0],
  ["breakwater", 1],
  ["Breakwater; id=1, other, breakwater", 2],
  ['breakwater;id="a,b", breakwater ; x', 2],
  ["breakwaters, xbreakwater", 0],
  ['other; a="breakwater, breakwater"', 0],
  ['other; a="x, breakwater', 1],
  [";;,,;breakwater", 1],
  ["breakwater=1", 0],
])("%s has passed %i times", (value, passes) => {
  expect(passesThrough(value)).toBe(passes);
});

test("passes of one deployment are counted apart", () => {
  const headers = new Headers({ "cdn-loop": "other" });
  appendCdnLoop(headers, "a1");
  appendCdnLoop(headers, "b2");
  appendCdnLoop(headers, "not a token\r\n");
  expect(headers.get("cdn-loop")).toBe("other, breakwater; id=a1, breakwater; id=b2, breakwater");
  expect(passesThrough(headers.get("cdn-loop"))).toBe(3);
  expect(passesThrough(headers.get("cdn-loop"), "A1")).toBe(1);
  expect(passesThrough(headers.get("cdn-loop"), "c3")).toBe(0);
});

test("no text in front of our own member hides it", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[ -~]*$/).filter((text) => !text.endsWith("\\") && !text.includes('"')),
      (text) => {
        expect(passesThrough(`${text}, breakwater`)).toBeGreaterThanOrEqual(1);
      },
    ),
  );
});
