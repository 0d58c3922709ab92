import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hideOrigin } from "../../../src/transform/origin-names.ts";
import type { OriginNames } from "../../../src/transform/visitor-url.ts";

const names: OriginNames = {
  bases: ["https://app-1.internal.example.net", "http://app-2.internal.example.net:8080", "https://standby.example.org"],
  basePath: "",
  rewrite: { strip: "", prefix: "" },
  scheme: "https",
  host: "shop.example.com",
};
const moved: OriginNames = { ...names, basePath: "/base", rewrite: { strip: "/static", prefix: "/v2" } };

function hidden(name: string, value: string, input = names): string | null {
  const headers = new Headers({ [name]: value });
  hideOrigin(headers, input);
  return headers.get(name);
}

describe("Location", () => {
  test.each([
    ["https://app-1.internal.example.net/a?b#c", "https://shop.example.com/a?b#c"],
    ["https://APP-1.internal.example.net", "https://shop.example.com/"],
    ["https://app-1.internal.example.net?x=1", "https://shop.example.com/?x=1"],
    ["https://app-1.internal.example.net.:443/a", "https://shop.example.com/a"],
    ["http://app-1.internal.example.net/a", "https://shop.example.com/a"],
    ["//app-1.internal.example.net/a", "https://shop.example.com/a"],
    ["https:\\\\app-1.internal.example.net\\a", "https://shop.example.com/a"],
    ["https:///app-1.internal.example.net/a", "https://shop.example.com/a"],
    ["https://user:pw@app-1.internal.example.net/a", "https://shop.example.com/a"],
    ["http://app-2.internal.example.net:8080/a", "https://shop.example.com/a"],
    ["http://app-2.internal.example.net:9090/a", "https://shop.example.com/a"],
    ["https://standby.example.org//evil.example", "https://shop.example.com/evil.example"],
    ["https://other.example/a", "https://other.example/a"],
    ["https://app-1.internal.example.net.evil.example/", "https://app-1.internal.example.net.evil.example/"],
    ["https://xapp-1.internal.example.net/", "https://xapp-1.internal.example.net/"],
    ["/a/b", "/a/b"],
    ["a/b", "a/b"],
    ["", ""],
    ["?x=1", "?x=1"],
    [
      "https://sso.example.com/?return=https%3A%2F%2Fapp-1.internal.example.net%2Fa",
      "https://sso.example.com/?return=https%3A%2F%2Fshop.example.com%2Fa",
    ],
    ["https://sso.example.com/?host=app-1.internal.example.net", "https://sso.example.com/?host=shop.example.com"],
  ])("%s becomes %s", (from, to) => {
    expect(hidden("location", from)).toBe(to);
  });

  test.each([
    ["/base/v2/a.css", "/static/a.css"],
    ["/base/v2", "/static"],
    ["/base/v2/?q", "/static/?q"],
    ["/base/v2x", "/base/v2x"],
    ["/elsewhere", "/elsewhere"],
    ["https://app-1.internal.example.net/base/v2/a", "https://shop.example.com/static/a"],
    ["https://app-1.internal.example.net/elsewhere", "https://shop.example.com/elsewhere"],
  ])("with a base path, a prefix and a strip %s becomes %s", (from, to) => {
    expect(hidden("location", from, moved)).toBe(to);
  });

  test("a path that would turn into a host does not", () => {
    expect(hidden("location", "/base//evil.example", { ...names, basePath: "/base" })).toBe("/evil.example");
  });

  test("the visitor's scheme and port are used", () => {
    const local: OriginNames = { ...names, bases: ["http://127.0.0.1:9001"], scheme: "http", host: "127.0.0.1:8787" };
    expect(hidden("location", "http://127.0.0.1:9001/a", local)).toBe("http://127.0.0.1:8787/a");
    expect(hidden("location", "http://127.0.0.1:8787/a", local)).toBe("http://127.0.0.1:8787/a");
    expect(hidden("location", "http://127.0.0.1:5555/a", local)).toBe("http://127.0.0.1:5555/a");
  });
});

test.each([
  ["content-location", "https://app-1.internal.example.net/a", "https://shop.example.com/a"],
  ["refresh", "5; url=https://app-1.internal.example.net/a", "5; url=https://shop.example.com/a"],
  ["refresh", "5;URL='https://app-1.internal.example.net/a'", "5;URL='https://shop.example.com/a'"],
  ["refresh", '0, url = "//app-1.internal.example.net/a"; x', '0, url = "https://shop.example.com/a"; x'],
  ["refresh", "0 https://app-1.internal.example.net/a", "0 https://shop.example.com/a"],
  ["refresh", "30", "30"],
  ["refresh", "5; url=/a", "5; url=/a"],
  ["link", "<https://app-1.internal.example.net/a>; rel=next, </b>; rel=prev", "<https://shop.example.com/a>; rel=next, </b>; rel=prev"],
  ["via", "1.1 app-1.internal.example.net:8080 (Apache)", "1.1 shop.example.com (Apache)"],
  ["access-control-allow-origin", "http://app-2.internal.example.net:8080", "https://shop.example.com"],
  ["content-security-policy", "default-src 'self' https://app-1.internal.example.net", "default-src 'self' https://shop.example.com"],
  ["x-note", "web app-1 example.net", "web app-1 example.net"],
])("%s: %s becomes %s", (name, from, to) => {
  expect(hidden(name, from)).toBe(to);
});

test.each(["alt-svc", "cf-cache-status", "cf-ray", "nel", "report-to"])("%s is dropped: it speaks of the origin's way", (name) => {
  expect(hidden(name, "x")).toBeNull();
});

test.each(["server", "x-powered-by"])("%s stays unless a rule removes it", (name) => {
  expect(hidden(name, "x/1.0")).toBe("x/1.0");
});

describe("cookies", () => {
  test.each([
    ["a=1", "a=1"],
    ["a=1; Domain=app-1.internal.example.net; Secure", "a=1; Secure"],
    ["a=1; domain=.example.net", "a=1"],
    ["a=1; Domain=example.com; HttpOnly", "a=1; Domain=example.com; HttpOnly"],
    ["a=1; Domain=.shop.example.com", "a=1; Domain=.shop.example.com"],
    ["a=1; Domain=op.example.com", "a=1"],
    ["a=1;path=/x;  Future=1", "a=1;path=/x;  Future=1"],
  ])("%s becomes %s", (from, to) => {
    expect(hidden("set-cookie", from)).toBe(to);
  });

  test.each([
    ["a=1; Path=/base/v2/x; HttpOnly", "a=1; Path=/static/x; HttpOnly"],
    ["a=1; Path=/", "a=1; Path=/"],
    ["__Host-a=1; Path=/; Secure", "__Host-a=1; Path=/; Secure"],
  ])("with a base path %s becomes %s", (from, to) => {
    expect(hidden("set-cookie", from, moved)).toBe(to);
  });

  test("several stay several, their values untouched", () => {
    const headers = new Headers();
    headers.append("set-cookie", "a=https://app-1.internal.example.net; Domain=app-1.internal.example.net");
    headers.append("set-cookie", "b=2; Expires=Mon, 01 Jan 2035 00:00:00 GMT");
    hideOrigin(headers, names);
    expect(headers.getSetCookie()).toEqual(["a=https://app-1.internal.example.net", "b=2; Expires=Mon, 01 Jan 2035 00:00:00 GMT"]);
  });
});

test("no origin's name is left in any header, in whatever text it stands, and nothing else is touched", () => {
  const hostname = fc.constantFrom("app-1.internal.example.net", "APP-2.internal.example.net", "standby.example.org");
  const text = fc.stringMatching(/^[ -~]{0,12}$/);
  const border = fc.constantFrom(" ", "/", "//", "https://", "=", "%2F", '"', "<", ";", ",", "@", ":", "(");
  const value = fc.oneof(
    fc
      .tuple(text, border, hostname, fc.constantFrom("", ":8080", "/", " ", ".", '"', "%3A443%2F", ";", ">"), text)
      .map((parts) => parts.join("")),
    text,
  );
  const header = fc.constantFrom("location", "content-location", "refresh", "link", "via", "x-any", "warning");
  fc.assert(
    fc.property(header, value, (name, from) => {
      const headers = new Headers({ [name]: from });
      const before = headers.get(name);
      hideOrigin(headers, names);
      const after = headers.get(name) ?? "";
      expect(after.toLowerCase()).not.toMatch(
        /(?<![a-z0-9.-])(?:app-[12]\.internal\.example\.net|standby\.example\.org)(?![a-z0-9-]|\.[a-z0-9])/,
      );
      expect(/example/i.test(from) ? before : after).toBe(before);
    }),
    { numRuns: 2000 },
  );
});
