// Every number that bounds something, with its unit in its name and its reason in its comment. A limit that is not here does
// not exist; each has a test at the limit and one past it.

/** URLs longer than this get 414: what Cloudflare's edge takes (16 KiB), and far above what browsers send. */
export const URL_BYTES_MAX = 16_384;

/** Header fields of one request; more get 431. nginx and Apache stop at about 100. */
export const HEADER_COUNT_MAX = 128;

/** All header names and values of one request together; more get 431. The platform's own limit is 128 KB. */
export const HEADER_BYTES_MAX = 65_536;

/** Passes through Breakwater that one request may make (CDN-Loop, RFC 8586); the next is answered with 508. */
export const LOOP_PASSES_MAX = 1;

/** Request bodies above this get 413 unless the route says otherwise: the platform's own limit on the free and pro plans. */
export const BODY_BYTES_MAX_DEFAULT = 100 * 1024 * 1024;

/** Characters of a health document that are read: 1,000 origins at about 250 characters each, doubled. */
export const HEALTH_DOCUMENT_CHARS_MAX = 512 * 1024;

/** Characters of the overrides document that are read: as many origins as the health document can name. */
export const OVERRIDES_CHARS_MAX = 512 * 1024;

/** The largest weight of an origin: far above any ratio that people mean, small enough that sums stay exact. */
export const ORIGIN_WEIGHT_MAX = 1000;

/** Characters of the pointer that are read: a few hundred in use, the rest is room for a long publishing message. */
export const POINTER_CHARS_MAX = 16 * 1024;

/** Bytes of the main config file: 10,000 rules at 400 bytes each. Above it parsing takes seconds and lists belong in files of their own. */
export const CONFIG_BYTES_MAX = 4 * 1024 * 1024;

/** Bytes of one file that the config refers to: 100,000 IPv6 networks, one per line. */
export const CONFIG_REFERENCED_BYTES_MAX = 5 * 1024 * 1024;

/** Values in a config file after its aliases are expanded: stops alias bombs, ten times what a file of 4 MiB holds in practice. */
export const CONFIG_NODES_MAX = 500_000;

/** Mappings and lists inside each other; the schema itself needs eight. Stops stack exhaustion by `[[[[`. */
export const CONFIG_DEPTH_MAX = 32;

/** Problems reported at once: more than anybody reads, little enough to print. */
export const CONFIG_DIAGNOSTICS_MAX = 500;

/** Bytes of an encoded snapshot: what Workers KV stores under one key. */
export const SNAPSHOT_BYTES_MAX = 25 * 1024 * 1024;

/** Bytes of an error page, a maintenance page or a fixed response, which every isolate holds in memory. */
export const PAGE_BYTES_MAX = 64 * 1024;

/** Sites of one config. */
export const SITES_MAX = 1000;

/** Hosts of one site. */
export const SITE_HOSTS_MAX = 1000;

/** Routes of one site: the table is a tree, its memory is the bound. */
export const SITE_ROUTES_MAX = 2000;

/** Segments of a route's path: the depth of the route tree. */
export const ROUTE_SEGMENTS_MAX = 32;

/** Conditions of one route; each is evaluated per request. */
export const ROUTE_CONDITIONS_MAX = 16;

/** Header rules of one side of a site or route. */
export const HEADER_RULES_MAX = 64;

/** Characters of a header's value in the config: what common servers accept in one line. */
export const HEADER_VALUE_CHARS_MAX = 4096;

/** Pools of one config. */
export const POOLS_MAX = 500;

/** Origins of one pool: selection is linear in it. */
export const POOL_ORIGINS_MAX = 100;

/** Pools in a chain of fallbacks, the first included: each may cost attempts and time. */
export const POOL_FALLBACKS_MAX = 4;

/** Lists of one config. */
export const LISTS_MAX = 100;

/** Entries of one list as written, before ranges are merged. */
export const LIST_ENTRIES_MAX = 100_000;

/** Firewall rules of one config: what an isolate of a paid plan loads in one step. */
export const RULES_MAX = 10_000;

/** Inline tests of one rule; all run at every publish. */
export const RULE_TESTS_MAX = 100;

/** Attempts of one request, the first included: distinct origins, and a bound on amplification. */
export const RETRY_ATTEMPTS_MAX = 5;

/** Bytes of a request body that a route may keep for a second attempt. */
export const REPLAY_BYTES_MAX = 1024 * 1024;

/** Request bodies kept for a second attempt unless the route says otherwise. */
export const REPLAY_BYTES_MAX_DEFAULT = 64 * 1024;

/** The largest request body a route may allow: the platform's limit on its largest plan. */
export const BODY_BYTES_MAX = 500 * 1024 * 1024;

/** The largest response that is stored: the Cache API's limit. */
export const CACHE_OBJECT_BYTES_MAX = 512 * 1024 * 1024;

/** Responses above this are not stored unless the route says otherwise: a store must end within the 30 s of waitUntil. */
export const CACHE_OBJECT_BYTES_MAX_DEFAULT = 100 * 1024 * 1024;

/** The longest lifetime in the cache, stale windows included: purges are remembered as long. */
export const CACHE_LIFETIME_SECONDS_MAX = 30 * 86_400;
