import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalHost, canonicalPath, formatQuery, parseQuery } from "../../../src/http/url.ts";

describe("canonical paths", () => {
  test.each([
    ["/", "/", false],
    ["/a/b", "/a/b", false],
    ["/a/b/", "/a/b/", false],
    ["/%7euser/%41", "/~user/A", false],
    ["/a%2fb", "/a%2Fb", false],
    ["/@scope%2Fname", "/@scope%2Fname", false],
    ["/caf%c3%a9", "/caf%C3%A9", false],
    ["/a;b=c,d:e@f!$&'()*+", "/a;b=c,d:e@f!$&'()*+", false],
    ["//", "/", true],
    ["/a//b///c", "/a/b/c", true],
    ["/./a/./b/.", "/a/b/", true],
    ["/a/../b", "/b", true],
    ["/a/%2e%2E/b", "/b", true],
    ["/../../x", "/x", true],
    ["/a/b/..", "/a/", true],
    ["/a\\b", "/a/b", true],
    ["/a\\..\\b", "/b", true],
    ["/a%5cb", "/a%5Cb", true],
    ["/a%zz", "/a%25zz", true],
    ["/a%", "/a%25", true],
    // Decoded once, `%41` would come of these, and `A` of that.
    ["/%%34%31", "/%2541", true],
    ["/%4%31", "/%2541", true],
    ["/a b", "/a%20b", true],
    ['/a"<b>', "/a%22%3Cb%3E", true],
    ["/é", "/%C3%A9", true],
    ["/a?b#c", "/a%3Fb%23c", true],
    ["*", "/*", true],
    ["", "/", true],
  ])("%s is %s, ambiguous: %s", (raw, path, ambiguous) => {
    expect(canonicalPath(raw)).toEqual({ path, ambiguous, problem: null });
  });

  test.each([
    ["/%00", "nul"],
    ["/a\0b", "nul"],
    ["/a%00.png", "nul"],
    ["/a%0d%0ab", "control"],
    ["/a\nb", "control"],
    ["/a%7F", "control"],
    ["/a%1f", "control"],
    ["/..%2fadmin", "encoded-dot-segment"],
    ["/a/..%2F..%2fetc", "encoded-dot-segment"],
    ["/a%2f..", "encoded-dot-segment"],
    ["/a%2f%2e%2e%2fb", "encoded-dot-segment"],
    ["/..%5cadmin", "encoded-dot-segment"],
    ["/a%5C..%5Cb", "encoded-dot-segment"],
    ["/%252e%252e/x", "encoded-dot-segment"],
    ["/%252e%252e%252fx", "encoded-dot-segment"],
    ["/static/..;/admin", "encoded-dot-segment"],
    ["/static/..;a=b/admin", "encoded-dot-segment"],
    ["/static/%2e%2e;/admin", "encoded-dot-segment"],
    ["/static%2f..;x%2fadmin", "encoded-dot-segment"],
    ["/%%32e%%32e/x", "encoded-dot-segment"],
    ["/%25%32%65%252e/x", "encoded-dot-segment"],
    ["/a%252f..%252fb", "encoded-dot-segment"],
  ])("%j is refused: %s", (raw, problem) => {
    expect(canonicalPath(raw).problem).toBe(problem);
  });

  test.each(["/a..b", "/...", "/a;..", "/100%25", "/a%2fb;c", "/a;b/c%2Fd", "/../a;b", "/x%252e", "/..a%2f"])("%s is no trick", (raw) => {
    expect(canonicalPath(raw).problem).toBeNull();
  });

  const piece = fc.oneof(
    fc.constantFrom(
      "/",
      "//",
      ".",
      "..",
      "%2e",
      "%2E%2e",
      "%2f",
      "%5C",
      "\\",
      "%",
      "%%",
      "%4",
      "1",
      ";",
      "%25",
      "%00",
      "%0a",
      "a",
      "~",
      "%7E",
      "é",
      "\ud800",
      " ",
    ),
    fc.string({ maxLength: 3 }),
  );
  const rawPath = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join("")}`);

  test("idempotent, never with a dot segment, an empty segment or a backslash, and always plain ASCII", () => {
    fc.assert(
      fc.property(rawPath, (raw) => {
        const { path } = canonicalPath(raw);
        expect(path).toMatch(/^\/[\x21-\x7e]*$/);
        expect(path).not.toMatch(/\/\/|\\|\/\.{1,2}(?:\/|$)/);
        expect(canonicalPath(path).path).toBe(path);
      }),
      { numRuns: 2000 },
    );
  });

  test("a path that is not ambiguous differs from its canonical form in the encoding of unreserved characters only", () => {
    fc.assert(
      fc.property(rawPath, (raw) => {
        const { path, ambiguous, problem } = canonicalPath(raw);
        if (ambiguous || problem !== null) return;
        expect(decodeURIComponent(path.replaceAll(/%[89A-F]./g, ""))).toBe(decodeURIComponent(raw.replaceAll(/%[89a-f]./gi, "")));
        expect(new URL(`http://h${raw}`).pathname.split("/")).toHaveLength(path.split("/").length);
      }),
      { numRuns: 2000 },
    );
  });

  test("a path of any length is read in one pass", () => {
    const long = `/${"%2e%2e/".repeat(2000)}x`;
    expect(canonicalPath(long)).toEqual({ path: "/x", ambiguous: true, problem: null });
  });
});

describe("canonical hosts", () => {
  test.each([
    ["Shop.Example.COM", "https", "shop.example.com", "shop.example.com"],
    ["shop.example.com.", "https", "shop.example.com", "shop.example.com"],
    ["shop.example.com:443", "https", "shop.example.com", "shop.example.com"],
    ["shop.example.com:443", "http", "shop.example.com:443", "shop.example.com"],
    ["shop.example.com:80", "http", "shop.example.com", "shop.example.com"],
    ["shop.example.com:08080", "http", "shop.example.com:8080", "shop.example.com"],
    ["shop.example.com:", "http", "shop.example.com", "shop.example.com"],
    ["localhost:8787", "http", "localhost:8787", "localhost"],
    ["xn--bcher-kva.example", "https", "xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["my_host.internal", "http", "my_host.internal", "my_host.internal"],
    ["192.0.2.1:8080", "http", "192.0.2.1:8080", "192.0.2.1"],
    ["[2001:DB8::1]:8443", "https", "[2001:db8::1]:8443", "[2001:db8::1]"],
    ["[2001:db8:0:0:0:0:0:1]", "https", "[2001:db8::1]", "[2001:db8::1]"],
  ] as const)("%s over %s is %s", (authority, scheme, host, hostname) => {
    expect(canonicalHost(authority, scheme)).toEqual({ ok: true, value: { host, hostname } });
  });

  test.each([
    ["", "empty"],
    [":80", "empty"],
    [".", "empty"],
    ["a b", "character"],
    ["a/b", "character"],
    ["user@host", "character"],
    ["bücher.example", "character"],
    ["a%2eb", "character"],
    ["a\r\nb", "character"],
    ["a..b", "label"],
    [".a", "label"],
    ["-a.example", "label"],
    ["a-.example", "label"],
    ["host:0", "port"],
    ["host:65536", "port"],
    ["host:80a", "port"],
    ["host:+80", "port"],
    ["host:80:80", "port"],
    ["127.1", "address"],
    ["2130706433", "address"],
    ["0x7f.0.0.0x1", "address"],
    ["256.0.0.1", "address"],
    ["192.0.2.01", "address"],
    ["[::g]", "address"],
    ["[fe80::1%25eth0]", "address"],
    ["[]", "address"],
  ])("%j is refused: %s", (authority, problem) => {
    expect(canonicalHost(authority, "https")).toEqual({ ok: false, error: problem });
  });

  test("labels have 63 characters at most and names 253", () => {
    expect(canonicalHost(`${"a".repeat(63)}.example`, "https").ok).toBe(true);
    expect(canonicalHost(`${"a".repeat(64)}.example`, "https")).toEqual({ ok: false, error: "label" });
    const name = `${"a".repeat(49)}.`.repeat(5);
    expect(canonicalHost(`${name}${"b".repeat(3)}`, "https").ok).toBe(true);
    expect(canonicalHost(`${name}${"b".repeat(4)}`, "https")).toEqual({ ok: false, error: "too-long" });
  });

  test("ports end at 65535", () => {
    expect(canonicalHost("a:65535", "http").ok).toBe(true);
  });

  test("idempotent, and what a URL parser would make of it", () => {
    const label = fc.stringMatching(/^[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,8}[a-zA-Z0-9_])?$/);
    const authority = fc.oneof(
      fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join(".")),
      fc.ipV4(),
      fc.ipV6().map((ip) => `[${ip}]`),
      fc.string(),
    );
    fc.assert(
      fc.property(authority, fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }), (name, port) => {
        const canonical = canonicalHost(port === undefined ? name : `${name}:${port}`, "https");
        if (!canonical.ok) return;
        expect(canonicalHost(canonical.value.host, "https")).toEqual(canonical);
        // Punycode that decodes to nothing valid is the URL parser's affair.
        const { host } = canonical.value;
        expect(name.toLowerCase().includes("xn--") ? host : new URL(`https://${host}/`).host).toBe(host);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("queries", () => {
  test("pairs keep their order and spelling, and are named decoded", () => {
    expect(parseQuery("b=1&a%20b=c+d&x&=y&&a=b=c&p=%zz%41")).toEqual([
      { raw: "b=1", name: "b", value: "1" },
      { raw: "a%20b=c+d", name: "a b", value: "c d" },
      { raw: "x", name: "x", value: "" },
      { raw: "=y", name: "", value: "y" },
      { raw: "", name: "", value: "" },
      { raw: "a=b=c", name: "a", value: "b=c" },
      { raw: "p=%zz%41", name: "p", value: "%zzA" },
    ]);
    expect(parseQuery("")).toEqual([]);
  });

  test("writing what was read loses nothing", () => {
    const text = fc.string({ unit: fc.oneof(fc.constantFrom("&", "=", "+", "%", "%41", "%ff", "a"), fc.string({ maxLength: 2 })) });
    fc.assert(
      fc.property(text, (query) => {
        expect(formatQuery(parseQuery(query))).toBe(query);
      }),
    );
  });

  test("names and values are those that a form would have", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), { minLength: 1 }), (pairs) => {
        const expected = [...new URLSearchParams(pairs.map(([name, value]) => [name, value]))];
        const query = new URLSearchParams(expected).toString();
        expect(parseQuery(query).map(({ name, value }) => [name, value])).toEqual(expected);
      }),
    );
  });
});
