import { expect, test } from "vitest";
import { compileExpression } from "../../../src/expression/compile.ts";
import { parseExpression } from "../../../src/expression/parse.ts";
import { renderDiagnostic } from "../../../src/expression/diagnostics.ts";
import { REQUEST_FIELDS, requestScheme } from "../../../src/firewall/fields.ts";
import { factsOf } from "./facts.ts";
import type { Facts } from "../../../src/facts.ts";

function holds(source: string, facts: Facts): boolean {
  const parsed = parseExpression(source, requestScheme);
  if (!parsed.ok) throw new Error(parsed.error.map((diagnostic) => renderDiagnostic(source, diagnostic)).join("\n"));
  return compileExpression(parsed.value.expression, requestScheme, new Map())(facts);
}

function warnings(source: string): readonly string[] {
  const parsed = parseExpression(source, requestScheme);
  return parsed.ok ? parsed.value.warnings.map(({ fix, message }) => fix ?? message) : ["it has errors"];
}

const request = factsOf("https://shop.example.com:8443/Shop/Item.TAR.GZ?q=red+apples&q=2&flag&&x=%20", {
  method: "POST",
  headers: {
    "User-Agent": "curl/8 é",
    Referer: "https://a.example/",
    Cookie: "sid=1; a%20b=2=3; sid=4; bare",
    "X-Forwarded-For": "1.1.1.1",
    "Accept-Encoding": "br, gzip",
    "Accept-Language": "en;q=0.5, fr-CH, de;q=0.9, *;q=0",
    "CF-Ray": "8f1c2d3e4f5a6b7c-FRA",
  },
  client: {
    address: "2001:DB8::1",
    acceptEncoding: "zstd",
    country: "DE",
    continent: "EU",
    asn: 64_496,
    isEu: true,
    city: "Köln",
    region: "NRW",
    latitude: 50.9,
    longitude: -6.5,
    timezone: "Europe/Berlin",
    colo: "FRA",
    tlsVersion: "TLSv1.3",
    tlsCipher: "AEAD-AES128-GCM-SHA256",
  },
  more: { rawPath: "/Shop//%49tem.TAR.GZ", hasBody: true, contentLength: 17 },
});

test.each([
  'http.request.method eq "POST"',
  'http.host eq "shop.example.com"',
  'http.request.uri.path eq "/Shop/Item.TAR.GZ"',
  'raw.http.request.uri.path eq "/Shop//%49tem.TAR.GZ"',
  'http.request.uri.path.extension eq "gz"',
  'raw.http.request.uri.path.extension eq "gz"',
  'http.request.uri.query eq "q=red+apples&q=2&flag&&x=%20"',
  'http.request.uri eq "/Shop/Item.TAR.GZ?q=red+apples&q=2&flag&&x=%20"',
  'http.request.full_uri wildcard "https://shop.example.com:8443/shop/*"',
  'raw.http.request.uri contains "//%49"',
  'raw.http.request.full_uri contains "example.com:8443"',
  'http.request.uri.args["q"][0] eq "red+apples" and http.request.uri.args["q"][1] eq "2"',
  'http.request.uri.args["flag"][0] eq ""',
  'has_key(raw.http.request.uri.args, "flag")',
  'join(http.request.uri.args.names, ",") eq "q,q,flag,x"',
  'url_decode(http.request.uri.args.values[3]) eq " "',
  'http.user_agent eq "curl/8 é" and len(http.user_agent) eq 9',
  'http.user_agent contains "\\xc3\\xa9"',
  'http.referer eq "https://a.example/"',
  'http.x_forwarded_for eq "1.1.1.1"',
  'http.cookie contains "sid=1"',
  'http.request.cookies["sid"][0] eq "1" and http.request.cookies["sid"][1] eq "4"',
  'http.request.cookies["a b"][0] eq "2=3"',
  'has_key(http.request.cookies, "bare")',
  'any(http.request.headers["accept-encoding"][*] eq "zstd")',
  'any(http.request.headers.names[*] eq "referer")',
  'any(http.request.headers.values[*] eq "https://a.example/")',
  "not http.request.headers.truncated",
  'join(http.request.accepted_languages, ",") eq "fr-CH,de,en"',
  'http.request.version eq "HTTP/2"',
  "http.request.timestamp.sec eq 1700000000 and http.request.timestamp.msec eq 123",
  "http.request.body.size eq 17",
  "ssl",
  "cf.edge.server_port eq 8443",
  'cf.colo.name eq "FRA" and cf.tls_version eq "TLSv1.3" and starts_with(cf.tls_cipher, "AEAD")',
  'cf.ray_id eq "8f1c2d3e4f5a6b7c"',
  "ip.src eq 2001:db8::1 and ip.src in {2001:db8::/32}",
  'ip.src.country eq "DE" and ip.geoip.country eq "DE" and ip.src.continent eq "EU" and ip.geoip.continent eq "EU"',
  "ip.src.asnum eq 64496 and ip.geoip.asnum eq 64496",
  "ip.src.is_in_european_union and ip.geoip.is_in_european_union",
  'ip.src.city eq "Köln" and ip.src.region eq "NRW" and ip.src.timezone.name eq "Europe/Berlin"',
  'ip.src.lat eq "50.9" and ip.src.lon eq "-6.5"',
])("%s", (source) => {
  expect(holds(source, request)).toBe(true);
});

const bare = factsOf("http://example.com/");

test.each([
  ['http.user_agent eq "" and http.referer eq "" and http.cookie eq "" and http.x_forwarded_for eq ""', true],
  ['http.request.uri.query eq "" and http.request.uri eq "/"', true],
  ["len(http.request.uri.args) eq 0 and len(http.request.cookies) eq 0", true],
  ['http.request.uri.path.extension eq ""', true],
  ["http.request.body.size eq 0", true],
  ["cf.edge.server_port eq 80", true],
  ["ssl", false],
  ['ip.src.country ne "DE"', false],
  ["ip.src.asnum ge 0", false],
  ["ip.src.is_in_european_union", false],
  ['cf.tls_version ne ""', false],
  ['any(http.request.headers["x"][*] ne "")', false],
])("of a bare request %s is %s", (source, answer) => {
  expect(holds(source, bare)).toBe(answer);
});

test("a body of unknown length has no size, and an unknown address is missing", () => {
  expect(holds("http.request.body.size ge 0", factsOf("http://a.example/", { more: { hasBody: true } }))).toBe(false);
  expect(holds("ip.src ne 1.1.1.1", factsOf("http://a.example/", { client: { address: "" } }))).toBe(false);
});

test.each([
  ["/foo", ""],
  ["/foo.mp3", "mp3"],
  ["/.mp3", ""],
  ["/.foo.mp3", "mp3"],
  ["/foo.tar.bz2", "bz2"],
  ["/foo.", ""],
  ["/foo.MP3", "mp3"],
  ["/a.b/c", ""],
])("the extension of %s is %j", (path, extension) => {
  expect(holds(`http.request.uri.path.extension eq "${extension}"`, factsOf(`http://a.example${path}`))).toBe(true);
});

test.each([
  ['http.request.method eq "get"', 'write "GET"'],
  ['http.host eq "Example.com"', 'write "example.com"'],
  ['http.host eq "https://example.com/"', 'write "example.com"'],
  ['http.host in {"example.com:8443"}', 'write "example.com"'],
  ['http.request.uri.path eq "login"', 'write "/login"'],
  ['http.request.uri.path eq "/a?b"', "compare http.request.uri"],
  ['http.request.uri.path.extension in {".php"}', 'write "php"'],
  ['http.request.uri.query eq "?a"', 'write "a"'],
  ['ip.src.country eq "de"', 'write "DE"'],
  ['ip.src.country eq "Germany"', 'write the code, such as "DE"'],
  ['any(http.request.headers["User-Agent"][*] eq "a")', 'write ["user-agent"]'],
  ["cf.waf.score lt 20", "cf.waf.score cannot be known here: every comparison with it is false"],
])("%s brings a warning: %s", (source, fix) => {
  expect(warnings(source)).toEqual([fix]);
});

test("a cookie behind a comma is seen: two Cookie lines arrive as one", () => {
  const facts = factsOf("http://a.example/", { headers: { cookie: "a=1, session=bad; b=2,3" } });
  expect(holds('http.request.cookies["session"][0] eq "bad"', facts)).toBe(true);
  expect(holds('http.request.cookies["a"][0] eq "1, session=bad" and http.request.cookies["b"][0] eq "2,3"', facts)).toBe(true);
});

test("what a field derives is computed once for all rules on a request", () => {
  let reads = 0;
  const headers = new Proxy(new Headers({ cookie: "a=1" }), {
    get(target, property) {
      if (property === "get") reads += 1;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const facts = factsOf("http://a.example/", { more: { headers } });
  for (let rule = 0; rule < 100; rule += 1) expect(holds('http.request.cookies["a"][0] eq "1"', facts)).toBe(true);
  expect(reads).toBe(1);
});

test("every field has a description that is a sentence", () => {
  for (const { name, description } of REQUEST_FIELDS) expect(description, name).toMatch(/\.$|`$/);
});
