import { expect, test } from "vitest";
import { compileExpression } from "../../../src/expression/compile.ts";
import { parseExpression } from "../../../src/expression/parse.ts";
import { renderDiagnostic } from "../../../src/expression/diagnostics.ts";
import { RULE_FIELDS, ruleScheme } from "../../../src/firewall/fields.ts";
import { ruleContext, type ContextInput, type RuleContext } from "../../../src/firewall/context.ts";
import { factsOf as received } from "../../support/facts.ts";
import { factsOf } from "./facts.ts";
import type { Facts } from "../../../src/facts.ts";

function holds(source: string, facts: Facts, more: Partial<ContextInput> = {}): boolean {
  return holdsIn(source, ruleContext({ facts, ...more }));
}

function holdsIn(source: string, context: RuleContext): boolean {
  const parsed = parseExpression(source, ruleScheme);
  if (!parsed.ok) throw new Error(parsed.error.map((diagnostic) => renderDiagnostic(source, diagnostic)).join("\n"));
  return compileExpression(parsed.value.expression, ruleScheme, new Map())(context);
}

function warnings(source: string): readonly string[] {
  const parsed = parseExpression(source, ruleScheme);
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
    regionCode: "NW",
    connection: {
      postalCode: "50667",
      metroCode: "635",
      clientTcpRtt: 22.7,
      edgeL4: { deliveryRate: 123_456 },
      verifiedBotCategory: "Search Engine Crawler",
      hostMetadata: { plan: "größer" },
      tlsClientHelloLength: "508",
      tlsClientRandom: "YWJjZA==",
      tlsClientCiphersSha1: "c1",
      tlsClientExtensionsSha1: "e1",
      tlsClientExtensionsSha1Le: "e2",
      botManagement: {
        score: 7,
        verifiedBot: true,
        signedAgent: false,
        corporateProxy: false,
        staticResource: true,
        ja3Hash: "j3",
        ja4: "j4",
        detectionIds: [33, 44],
        jsDetection: { passed: true },
      },
      tlsClientAuth: {
        certPresented: "1",
        certVerified: "SUCCESS",
        certRevoked: "0",
        certIssuerDN: "CN=ca",
        certSubjectDN: "CN=me",
        certIssuerDNRFC2253: "CN=ca2",
        certSubjectDNRFC2253: "CN=me2",
        certIssuerDNLegacy: "/CN=ca",
        certSubjectDNLegacy: "/CN=me",
        certSerial: "s1",
        certIssuerSerial: "s2",
        certFingerprintSHA256: "f256",
        certFingerprintSHA1: "f1",
        certNotBefore: "b",
        certNotAfter: "a",
        certSKI: "k1",
        certIssuerSKI: "k2",
        certRFC9440: ":x:",
        certChainRFC9440: ":y:",
        certRFC9440TooLarge: false,
        certChainRFC9440TooLarge: true,
      },
    },
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
  'ip.src.region_code eq "NW" and ip.src.subdivision_1_iso_code eq "DE-NW" and ip.geoip.subdivision_1_iso_code eq "DE-NW"',
  'ip.src.postal_code eq "50667" and ip.src.metro_code eq "635"',
  "cf.timings.client_tcp_rtt_msec eq 22 and cf.timings.client_quic_rtt_msec eq 0 and cf.edge.l4.delivery_rate eq 123456",
  'cf.verified_bot_category eq "Search Engine Crawler" and cf.edge.client_tcp',
  'lookup_json_string(cf.hostname.metadata, "plan") eq "größer"',
  'cf.tls_client_hello_length eq 508 and cf.tls_client_random eq "YWJjZA==" and cf.tls_ciphers_sha1 eq "c1"',
  'cf.tls_client_extensions_sha1 eq "e1" and cf.tls_client_extensions_sha1_le eq "e2"',
  "cf.bot_management.score lt 30 and cf.bot_management.verified_bot and cf.client.bot and not cf.bot_management.signed_agent",
  "not cf.bot_management.corporate_proxy and cf.bot_management.static_resource and cf.bot_management.js_detection.passed",
  'cf.bot_management.ja3_hash eq "j3" and cf.bot_management.ja4 eq "j4" and any(cf.bot_management.detection_ids[*] eq 44)',
  "cf.tls_client_auth.cert_presented and cf.tls_client_auth.cert_verified and not cf.tls_client_auth.cert_revoked",
  'cf.tls_client_auth.cert_issuer_dn eq "CN=ca" and cf.tls_client_auth.cert_subject_dn eq "CN=me"',
  'cf.tls_client_auth.cert_issuer_dn_rfc2253 eq "CN=ca2" and cf.tls_client_auth.cert_subject_dn_rfc2253 eq "CN=me2"',
  'cf.tls_client_auth.cert_issuer_dn_legacy eq "/CN=ca" and cf.tls_client_auth.cert_subject_dn_legacy eq "/CN=me"',
  'cf.tls_client_auth.cert_serial eq "s1" and cf.tls_client_auth.cert_issuer_serial eq "s2"',
  'cf.tls_client_auth.cert_fingerprint_sha256 eq "f256" and cf.tls_client_auth.cert_fingerprint_sha1 eq "f1"',
  'cf.tls_client_auth.cert_not_before eq "b" and cf.tls_client_auth.cert_not_after eq "a"',
  'cf.tls_client_auth.cert_ski eq "k1" and cf.tls_client_auth.cert_issuer_ski eq "k2"',
  'cf.tls_client_auth.cert_rfc9440 eq ":x:" and cf.tls_client_auth.cert_chain_rfc9440 eq ":y:"',
  "not cf.tls_client_auth.cert_rfc9440_too_large and cf.tls_client_auth.cert_chain_rfc9440_too_large",
  'cf.worker.upstream_zone eq "" and bw.score eq 0',
])("%s", (source) => {
  expect(holds(source, request)).toBe(true);
});

const bare = factsOf("http://example.com/");

test.each([
  ['http.user_agent eq "" and http.referer eq "" and http.cookie eq "" and http.x_forwarded_for eq ""', true],
  ['http.request.uri.query eq "" and http.request.uri eq "/"', true],
  ["len(http.request.uri.args) eq 0 and len(http.request.cookies) eq 0", true],
  ['http.request.uri.path.extension eq ""', true],
  ['http.request.body.size eq 0 and http.request.body.raw eq "" and not http.request.body.truncated', true],
  ["len(http.request.body.form) eq 0 and len(http.request.body.multipart) eq 0", true],
  ['http.request.body.mime ne "image/png"', false],
  ['cf.tls_client_auth.cert_serial eq "" and not cf.tls_client_auth.cert_presented', true],
  ["cf.timings.client_tcp_rtt_msec eq 0 and cf.edge.l4.delivery_rate eq 0", true],
  ['ip.src.subdivision_1_iso_code eq "" and cf.verified_bot_category eq ""', true],
  ["cf.bot_management.score ge 0 or cf.client.bot", false],
  ["http.response.code ge 0", false],
  ['any(http.response.headers.names[*] ne "")', false],
  ['http.response.content_type.media_type ne "text/html"', false],
  ['bw.route ne "x" or bw.cache.status ne "x"', false],
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

test("an unknown address is missing", () => {
  expect(holds("ip.src ne 1.1.1.1", factsOf("http://a.example/", { client: { address: "" } }))).toBe(false);
});

const response = {
  status: 404,
  headers: new Headers([
    ["Content-Type", "Text/HTML; charset=utf-8"],
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
    ["X-Name", "é"],
  ]),
  cacheStatus: "HIT",
};

test.each([
  "http.response.code eq 404",
  'http.response.content_type.media_type eq "text/html"',
  'any(http.response.headers["set-cookie"][*] eq "b=2") and http.response.headers["x-name"][0] eq "é"',
  'any(raw.http.response.headers["set-cookie"][*] eq "a=1")',
  'any(http.response.headers.names[*] eq "x-name") and any(raw.http.response.headers.values[*] eq "é")',
  'bw.cache.status eq "HIT" and bw.route eq "shop GET /a" and bw.score eq 7',
])("of an answer %s", (source) => {
  expect(holds(source, bare, { response, route: "shop GET /a", score: 7 })).toBe(true);
});

test("the score is read each time, since rules change it", () => {
  const context = ruleContext({ facts: bare });
  expect(holdsIn("bw.score ge 5", context)).toBe(false);
  context.score += 5;
  expect(holdsIn("bw.score ge 5", context)).toBe(true);
});

test("an argument whose name is encoded is found by its name as servers read it, and by that as received", () => {
  const facts = factsOf("http://a.example/?%75ser=1&user=2&a+b=3");
  expect(holds('http.request.uri.args["user"][0] eq "1" and http.request.uri.args["user"][1] eq "2"', facts)).toBe(true);
  expect(holds('http.request.uri.args["%75ser"][0] eq "1" and http.request.uri.args["a b"][0] eq "3"', facts)).toBe(true);
  expect(holds('raw.http.request.uri.args["user"][0] eq "2" and len(raw.http.request.uri.args["user"]) eq 1', facts)).toBe(true);
});

test("what the platform tells of a connection reaches the fields through the receive stage", () => {
  const facts = received({
    connection: { regionCode: "BY", country: "DE", botManagement: { score: 3 }, tlsClientAuth: { certPresented: "1" } },
  });
  expect(holds("cf.bot_management.score eq 3 and cf.tls_client_auth.cert_presented", facts)).toBe(true);
  expect(holds('ip.src.subdivision_1_iso_code eq "DE-BY"', facts)).toBe(true);
});

test("what the platform tells in another type than it says is missing", () => {
  const connection = {
    botManagement: { score: "x", verifiedBot: "yes", detectionIds: ["1", 2, null] },
    tlsClientAuth: null,
    clientTcpRtt: "fast",
  };
  const facts = factsOf("http://a.example/", { client: { connection } });
  expect(holds("cf.bot_management.score ge 0 or cf.client.bot", facts)).toBe(false);
  expect(holds("len(cf.bot_management.detection_ids) eq 1 and cf.timings.client_tcp_rtt_msec eq 0", facts)).toBe(true);
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
  ['ip.src.continent eq "eu"', 'write "EU"'],
  ['ip.src.region_code eq "US-TX"', 'write "TX"'],
  ['ip.src.subdivision_1_iso_code eq "us-tx"', 'write "US-TX"'],
  ['ip.src.subdivision_1_iso_code eq "TX"', 'write it like "US-TX"'],
  ['http.request.version eq "http/1.1"', 'write "HTTP/1.1"'],
  ['http.request.version eq "HTTP/2.0"', 'write one of "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3"'],
  ['cf.tls_version in {"TLSv1.2" "tls 1.3"}', 'write one of "", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"'],
  ['cf.tls_version eq "tlsv1.3"', 'write "TLSv1.3"'],
  ['cf.colo.name eq "fra"', 'write it like "FRA"'],
  ['http.request.full_uri eq "/login"', "compare http.request.uri, or write https:// and the host before it"],
  ['http.response.content_type.media_type eq "text/html; charset=utf-8"', 'write "text/html"'],
  ['http.request.body.mime eq "png"', 'write it like "text/html"'],
  ['bw.cache.status eq "hit"', 'write "HIT"'],
  ['any(http.response.headers["Set-Cookie"][*] eq "a")', 'write ["set-cookie"]'],
  ['any(http.request.headers["User-Agent"][*] eq "a")', 'write ["user-agent"]'],
  ["cf.waf.score lt 20", "remove it. Computed by Cloudflare's WAF, which hands it to no Worker."],
])("%s brings a warning: %s", (source, fix) => {
  expect(warnings(source)).toEqual([fix]);
});

test("a cookie behind a comma is seen: two Cookie lines arrive as one", () => {
  const facts = factsOf("http://a.example/", { headers: { cookie: "a=1, session=bad; b=2,3" } });
  expect(holds('http.request.cookies["session"][0] eq "bad"', facts)).toBe(true);
  expect(holds('http.request.cookies["a"][0] eq "1, session=bad" and http.request.cookies["b"][0] eq "2,3"', facts)).toBe(true);
});

test("the bytes of a cookie are as received, spaces around it aside", () => {
  const facts = factsOf("http://a.example/", { headers: { cookie: "a= voilà ; b=1" } });
  expect(holds('http.request.cookies["a"][0] eq "voilà" and http.request.cookies["b"][0] eq "1"', facts)).toBe(true);
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
  const context = ruleContext({ facts: factsOf("http://a.example/", { more: { headers } }) });
  for (let rule = 0; rule < 100; rule += 1) expect(holdsIn('http.request.cookies["a"][0] eq "1"', context)).toBe(true);
  expect(reads).toBe(1);
});

test("every field has a description that is a sentence", () => {
  for (const { name, description } of RULE_FIELDS) expect(description, name).toMatch(/\.$|`$/);
});

test("fields and their flags: what is always there has a getter, what comes later may be missing, and no name is declared twice", () => {
  expect(new Set(RULE_FIELDS.map(({ name }) => name)).size).toBe(RULE_FIELDS.length);
  for (const { name, get, always, later, volatile } of RULE_FIELDS) {
    if (get === null) expect([always, later, volatile], name).toEqual([undefined, undefined, undefined]);
    if (later !== undefined) expect(always, name).toBeUndefined();
  }
  expect(RULE_FIELDS.filter(({ volatile }) => volatile === true).map(({ name }) => name)).toEqual(["bw.score"]);
});

test("what is always there is there for a bare request", () => {
  const context = ruleContext({ facts: bare });
  const missing = RULE_FIELDS.filter(({ always, get }) => always === true && get?.(context) === undefined);
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test("what comes later is missing before", () => {
  const context = ruleContext({ facts: factsOf("http://a.example/", { method: "POST", more: { hasBody: true } }) });
  const early = RULE_FIELDS.filter(({ later, get }) => later !== undefined && get?.(context) !== undefined);
  expect(early.map(({ name }) => name)).toEqual([]);
});

/** Names in Cloudflare's reference, as of autumn 2026: each is known here, or unknown with a reason. */
const CLOUDFLARE_FIELDS = `
cf.api_gateway.auth_id_present cf.api_gateway.fallthrough_detected cf.api_gateway.request_violates_schema
cf.appsec.request.failed_detections cf.bot_management.corporate_proxy cf.bot_management.detection_ids cf.bot_management.ja3_hash
cf.bot_management.ja4 cf.bot_management.js_detection.passed cf.bot_management.score cf.bot_management.signed_agent
cf.bot_management.static_resource cf.bot_management.verified_bot cf.client.bot cf.edge.client_tcp cf.edge.l4.delivery_rate
cf.edge.server_ip cf.edge.server_port cf.hostname.metadata cf.llm.prompt.custom_topic_categories cf.llm.prompt.detected
cf.llm.prompt.injection_score cf.llm.prompt.pii_categories cf.llm.prompt.pii_detected cf.llm.prompt.token_count
cf.llm.prompt.unsafe_topic_categories cf.llm.prompt.unsafe_topic_detected cf.random_seed cf.ray_id cf.response.1xxx_code
cf.response.error_type cf.schema_validation.learned.violated cf.schema_validation.uploaded.violated cf.threat_score
cf.timings.client_quic_rtt_msec cf.timings.client_tcp_rtt_msec cf.timings.edge_msec cf.timings.origin_ttfb_msec cf.timings.worker_msec
cf.tls_cipher cf.tls_ciphers_sha1 cf.tls_client_auth.cert_chain_rfc9440 cf.tls_client_auth.cert_chain_rfc9440_too_large
cf.tls_client_auth.cert_fingerprint_sha1 cf.tls_client_auth.cert_fingerprint_sha256 cf.tls_client_auth.cert_issuer_dn
cf.tls_client_auth.cert_issuer_dn_legacy cf.tls_client_auth.cert_issuer_dn_rfc2253 cf.tls_client_auth.cert_issuer_serial
cf.tls_client_auth.cert_issuer_ski cf.tls_client_auth.cert_not_after cf.tls_client_auth.cert_not_before
cf.tls_client_auth.cert_presented cf.tls_client_auth.cert_revoked cf.tls_client_auth.cert_rfc9440
cf.tls_client_auth.cert_rfc9440_too_large cf.tls_client_auth.cert_serial cf.tls_client_auth.cert_ski
cf.tls_client_auth.cert_subject_dn cf.tls_client_auth.cert_subject_dn_legacy cf.tls_client_auth.cert_subject_dn_rfc2253
cf.tls_client_auth.cert_verified cf.tls_client_extensions_sha1 cf.tls_client_extensions_sha1_le cf.tls_client_hello_length
cf.tls_client_random cf.tls_version cf.verified_bot_category cf.waf.auth_detected cf.waf.content_scan.has_failed
cf.waf.content_scan.has_malicious_obj cf.waf.content_scan.has_obj cf.waf.content_scan.num_malicious_obj cf.waf.content_scan.num_obj
cf.waf.content_scan.obj_results cf.waf.content_scan.obj_sizes cf.waf.content_scan.obj_types cf.waf.credential_check.password_leaked
cf.waf.credential_check.username_and_password_leaked cf.waf.credential_check.username_leaked
cf.waf.credential_check.username_password_similar cf.waf.score cf.waf.score.class cf.waf.score.rce cf.waf.score.sqli cf.waf.score.xss
cf.waf.signature.request.categories cf.waf.signature.request.confidence cf.waf.signature.request.refs cf.worker.upstream_zone
http.cookie http.host http.referer http.request.accepted_languages http.request.body.form http.request.body.form.names
http.request.body.form.values http.request.body.mime http.request.body.multipart http.request.body.multipart.content_dispositions
http.request.body.multipart.content_transfer_encodings http.request.body.multipart.content_types http.request.body.multipart.filenames
http.request.body.multipart.names http.request.body.multipart.values http.request.body.raw http.request.body.size
http.request.body.truncated http.request.cookies http.request.full_uri http.request.headers http.request.headers.names
http.request.headers.truncated http.request.headers.values http.request.jwt.claims.aud http.request.jwt.claims.aud.names
http.request.jwt.claims.aud.values http.request.jwt.claims.iat.sec http.request.jwt.claims.iat.sec.names
http.request.jwt.claims.iat.sec.values http.request.jwt.claims.iss http.request.jwt.claims.iss.names http.request.jwt.claims.iss.values
http.request.jwt.claims.jti http.request.jwt.claims.jti.names http.request.jwt.claims.jti.values http.request.jwt.claims.nbf.sec
http.request.jwt.claims.nbf.sec.names http.request.jwt.claims.nbf.sec.values http.request.jwt.claims.sub
http.request.jwt.claims.sub.names http.request.jwt.claims.sub.values http.request.method http.request.timestamp.msec
http.request.timestamp.sec http.request.uri http.request.uri.args http.request.uri.args.names http.request.uri.args.values
http.request.uri.path http.request.uri.path.extension http.request.uri.query http.request.version http.response.code
http.response.content_type.media_type http.response.headers http.response.headers.names http.response.headers.values http.user_agent
http.x_forwarded_for ip.geoip.asnum ip.geoip.continent ip.geoip.country ip.geoip.is_in_european_union
ip.geoip.subdivision_1_iso_code ip.geoip.subdivision_2_iso_code ip.src ip.src.asnum ip.src.city ip.src.continent ip.src.country
ip.src.is_in_european_union ip.src.lat ip.src.lon ip.src.metro_code ip.src.postal_code ip.src.region ip.src.region_code
ip.src.subdivision_1_iso_code ip.src.subdivision_2_iso_code ip.src.timezone.name raw.http.request.full_uri raw.http.request.uri
raw.http.request.uri.args raw.http.request.uri.args.names raw.http.request.uri.args.values raw.http.request.uri.path
raw.http.request.uri.path.extension raw.http.request.uri.query raw.http.response.headers raw.http.response.headers.names
raw.http.response.headers.values ssl`;

test("every field of Cloudflare's reference is declared", () => {
  const names = CLOUDFLARE_FIELDS.trim().split(/\s+/);
  expect(names.filter((name) => !ruleScheme.fields.has(name))).toEqual([]);
});
