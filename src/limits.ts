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

/** Bytes of one file that the config refers to: 100,000 IPv6 networks, one per line, with an expiry and a short comment. */
export const CONFIG_REFERENCED_BYTES_MAX = 10 * 1024 * 1024;

/** Values in a config file after its aliases are expanded: stops alias bombs, ten times what a file of 4 MiB holds in practice. */
export const CONFIG_NODES_MAX = 500_000;

/** Mappings and lists inside each other; the schema itself needs eight. Stops stack exhaustion by `[[[[`. */
export const CONFIG_DEPTH_MAX = 32;

/** Problems reported at once: more than anybody reads, little enough to print. */
export const CONFIG_DIAGNOSTICS_MAX = 500;

/** Bytes of an encoded snapshot: what Workers KV stores under one key. */
export const SNAPSHOT_BYTES_MAX = 25 * 1024 * 1024;

/** Bytes of all files of a config together, as they are kept beside the release: what Workers KV stores under one key. */
export const SOURCE_BYTES_MAX = 25 * 1024 * 1024;

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

/** Pools that one request may come to, the first and all fallbacks of fallbacks included: each may cost attempts and time. */
export const POOL_FALLBACKS_MAX = 8;

/** Codes of one kind that an origin serves: all countries of the largest continent. */
export const ORIGIN_PLACES_MAX = 64;

/** Pools that one route shares its visitors among: a canary or two, not a load balancer. */
export const SPLIT_POOLS_MAX = 8;

/** Origins that are farther from a visitor than the nearest by no more than this count as equally near: addresses tell no better. */
export const NEAREST_TOLERANCE_KM = 50;

/** How long a sticky cookie without a `ttl` is believed: browsers that restore sessions would keep it for ever. */
export const STICKY_SESSION_SECONDS = 86_400;

/** A visitor who stays for less is not one who stays ... */
export const STICKY_TTL_SECONDS_MIN = 10;
/** ... and for longer, a drained origin would never be free. */
export const STICKY_TTL_SECONDS_MAX = 30 * 86_400;

/** Sticky cookies of one name that are looked at in a request: each costs a signature. */
export const STICKY_COOKIES_MAX = 4;

/** Lists of one config. */
export const LISTS_MAX = 100;

/** Entries of one list as written, before ranges are merged. */
export const LIST_ENTRIES_MAX = 100_000;

/** Firewall rules of one config: what an isolate of a paid plan loads in one step. */
export const RULES_MAX = 10_000;

/** Entries of a list that stays in the release itself: 10 to 30 KB, which every isolate loads whether a rule needs them or not. */
export const LIST_INLINE_ENTRIES_MAX = 500;

/** Characters of a list's document: 100,000 IPv6 ranges that all overlap and all expire have 13 MB. */
export const LIST_DOCUMENT_CHARS_MAX = 16 * 1024 * 1024;

/** Characters of the documents of all lists of a config: an isolate that needs them all holds as much of its 128 MB, or twice that for texts. */
export const LISTS_CHARS_MAX = 24 * 1024 * 1024;

/** Entries of one list that are pointed out because others cover them; the rest is a number. */
export const LIST_WARNINGS_MAX = 5;

/** A request waits so long for a list that this isolate has not loaded yet: KV needs tenths of it, and only the first request pays. */
export const LIST_WAIT_MS_MAX = 2_000;

/** Wait for the text of a list, which can be megabytes. */
export const LIST_READ_MS_MAX = 5_000;

/** A load that runs longer went away with the request that began it: both reads and the parsing fit in. */
export const LIST_RUN_MS_MAX = 10_000;

/** A list that could not be had is tried again after this, and nobody waits for it then. */
export const LIST_RETRY_MS = 10_000;

/** Lists whose failure an isolate remembers. */
export const LIST_FAILURES_MAX = 200;

/** Characters of the comment on one entry of a list. */
export const LIST_COMMENT_CHARS_MAX = 200;

/** Parts of one rate limit's key: each is read for every request that the rule matches. */
export const RATE_LIMIT_CHARACTERISTICS_MAX = 5;

/** Requests that a rate limit may let pass in its time: above it, it limits nothing that one visitor does. */
export const RATE_LIMIT_REQUESTS_MAX = 1_000_000;

/** The shortest and the longest time that requests are counted over ... */
export const RATE_LIMIT_PERIOD_SECONDS_MIN = 10;
export const RATE_LIMIT_PERIOD_SECONDS_MAX = 86_400;
/** ... and the longest that a visitor stays out. */
export const RATE_LIMIT_BLOCK_SECONDS_MAX = 86_400;

/** Characters of the key that a visitor is counted under; longer ones are hashed. An address with a country fits. */
export const RATE_KEY_CHARS_MAX = 64;

/** Characters of a bearer token that is looked into for a claim: servers take header lines of 8 KiB. */
export const RATE_JWT_CHARS_MAX = 8192;

/**
 * The limit that the platform's limiters are deployed with (`wrangler.toml`): a request of a limit of N adds a part of it. Divisible
 * by what people write, 1 to 16 and the round numbers up to 3,600, and so exact for them; for others up to 1,925.
 */
export const RATE_BINDING_LIMIT = 3_603_600;

/** Parts of its time that a limit counts in: one request in fifty is counted by so much longer. A minute has parts of 1.2 s. */
export const RATE_WINDOW_PARTS = 50;

/** Objects that one rule's keys are spread over: 8,000 requests a second that are not known to be out, at 1,000 for each object. */
export const RATE_COUNTER_SHARDS = 8;

/** Keys that one object counts, those longest without a change go first: 1 KB each at most of the 128 MB that it has. */
export const RATE_COUNTER_KEYS_MAX = 10_000;

/** Keys in one row of an object's storage: a row has 2 MB at most. An object with no more has one row, since each is paid for ... */
export const RATE_COUNTER_PAGE_KEYS_MAX = 3_000;
/** ... and one with more has so many: a fifth more than it needs for as many keys as it may have, which spread by chance. */
export const RATE_COUNTER_PAGES = 4;

/** What changed is written after so long, all in one: half of the time that an idle object stays in memory ... */
export const RATE_COUNTER_WRITE_MS = 5_000;
/** ... and when it goes on and on, at last after so long: 2,160 rows a day, of the 100,000 that the free plan has for all objects. */
export const RATE_COUNTER_WRITE_MS_MAX = 40_000;

/** Times up to this are not written down: an object that nobody asked for so long, and only such a one goes, has nothing left. */
export const RATE_COUNTER_UNWRITTEN_SECONDS_MAX = 10;

/** Requests a second that one key can be counted with exactly: it is in one object, which takes about twice as many. */
export const RATE_EXACT_PER_SECOND_MAX = 500;

/** A counter that takes longer counts as not there: a new object at the other end of the world answers in half of it. */
export const RATE_ASK_MS_MAX = 1_000;

/** After such a wait the others do not wait: the rule's counter counts as not there for this time. */
export const RATE_PAUSE_MS = 1_000;

/** Keys that an isolate remembers to be out, to answer them without asking: 200 bytes each. */
export const RATE_REMEMBERED_MAX = 10_000;

/** Counters whose outage an isolate remembers. */
export const RATE_OUTAGES_MAX = 100;

/** Retry-After where the counter is not there and the rule then blocks: outages are short. */
export const RATE_UNREACHABLE_RETRY_MS = 5_000;

/** Rules of one request that its log line names; of more it has the number. */
export const LOGGED_RULES_MAX = 100;

/** Values that one rule may put into the log line. */
export const RULE_LOG_FIELDS_MAX = 16;

/** Characters of one such value. */
export const RULE_LOG_VALUE_CHARS_MAX = 256;

/** What one rule may add to a request's score, in both directions. */
export const RULE_SCORE_MAX = 1_000;

/** Bytes of a request's body that rules may be given: below, a form does not fit; above, reading delays every upload. */
export const INSPECTION_BYTES_MIN = 8 * 1024;
export const INSPECTION_BYTES_MAX = 1024 * 1024;

/** The same for all requests of an isolate together: a quarter of its 128 MB. Further uploads that rules look at get 503. */
export const INSPECTION_BYTES_ISOLATE_MAX = 32 * 1024 * 1024;

/** Fields of a form, or parts of a multipart body, that rules see: ten times what servers take by default. */
export const BODY_FIELDS_MAX = 10_000;

/** Boundaries that one Content-Type may name: an honest one names one, and each costs a walk over the body, or two. */
export const BODY_BOUNDARIES_MAX = 4;

/** A visitor whose upload rules wait for may be silent for so long: beyond any pause of a network that still works. */
export const INSPECTION_IDLE_MS_MAX = 30_000;

/**
 * And all that rules see of it must be there in so long: who sends a byte now and then takes the room of others. 64 KiB come over the
 * slowest phone; less than LEASE_MS, after which nobody would know that the room is taken.
 */
export const INSPECTION_MS_MAX = 120_000;

/** Inline tests of one rule; all run at every publish. */
export const RULE_TESTS_MAX = 100;

/** Attempts of one request, the first included: distinct origins, and a bound on amplification. */
export const RETRY_ATTEMPTS_MAX = 5;

/** Bytes of a request body that a route may keep for a second attempt. */
export const REPLAY_BYTES_MAX = 1024 * 1024;

/** Request bodies kept for a second attempt unless the route says otherwise. */
export const REPLAY_BYTES_MAX_DEFAULT = 64 * 1024;

/** Bodies of answers that are read whole before the first byte goes out, unless the route says otherwise: pages and API answers. */
export const HOLD_BYTES_MAX = 64 * 1024;

/** The most that a route may hold of one answer: beyond it the wait for the first byte is felt. */
export const HOLD_BYTES_MAX_CONFIGURED = 1024 * 1024;

/** The largest request body a route may allow: the platform's limit on its largest plan. */
export const BODY_BYTES_MAX = 500 * 1024 * 1024;

/** The largest response that is stored: the Cache API's limit. */
export const CACHE_OBJECT_BYTES_MAX = 512 * 1024 * 1024;

/** Responses above this are not stored unless the route says otherwise: a store must end within the 30 s of waitUntil. */
export const CACHE_OBJECT_BYTES_MAX_DEFAULT = 100 * 1024 * 1024;

/** The longest lifetime in the cache, stale windows included: purges are remembered as long. */
export const CACHE_LIFETIME_SECONDS_MAX = 30 * 86_400;

/** A health document from further in the future than this is from a broken clock and is ignored. */
export const HEALTH_SKEW_MS_MAX = 60_000;

/** A `down` is taken for the checks' own problem when this many requests in a row of time ... */
export const CONTRADICTION_REQUESTS = 20;
/** ... within this time: a probe every 5 s makes 24. */
export const CONTRADICTION_WINDOW_MS = 120_000;

/** Characters of a marker that are read: an entry of about 150 for each origin that a pool can have, doubled. */
export const MARKER_CHARS_MAX = 32 * 1024;

/** Between two looks of an isolate at the marker of a pool: a dead origin is known in the data centre after half of it on average. */
export const MARKER_LOOK_MS = 2_000;

/** The same while something is wrong: for the time above after a failure, and while a word keeps an origin out. */
export const MARKER_LOOK_ALERT_MS = 500;

/** After a circuit's time the others still wait this long to hear how its next try came out: that request, and two looks. */
export const MARKER_ECHO_MS = 5_000;

/** A word from further in the future than this is from a broken clock: the machines of one data centre differ by milliseconds. */
export const MARKER_SKEW_MS_MAX = 1_000;

/** Open times are multiplied by a random factor of up to 1 plus or minus this, so that isolates do not probe together. */
export const CIRCUIT_JITTER = 0.25;

/** A half-open probe that never reported gives its place up: the platform may end a request without a word. */
export const CIRCUIT_PROBE_LEASE_MS = 120_000;

/** The longest Retry-After that sets an open time. */
export const RETRY_AFTER_MS_MAX = 60_000;

/** The share of its weight that an origin gets at first, after its circuit closed. */
export const SLOW_START_SHARE = 0.1;

/** How long an answer of another origin on a route is evidence that a failure there is the origin's own. */
export const EVIDENCE_MS = 10_000;

/** Time over which a pool's retries and hedges are counted against its requests. */
export const RETRY_BUDGET_WINDOW_MS = 10_000;

/** Of what the budget allows, hedges may use this share: the rest is kept for requests that would fail without a retry. */
export const HEDGE_BUDGET_SHARE = 0.5;

/** No second origin is asked earlier: below it a hedge costs more than it saves. */
export const HEDGE_MS_MIN = 50;

/** The same where nothing is known of the route's times: most routes have answered by then. */
export const HEDGE_UNKNOWN_MS = 1000;

/** While an origin is silent, what is usual there is looked up again after this time. */
export const HEDGE_LOOK_MS = 250;

/** Origins of a tier that answer nothing for so long ... */
export const SILENT_MS_MIN = 1000;
/** ... while so many requests wait there are frozen together, and those behind them are asked. A few slow reports are no such thing. */
export const SILENT_REQUESTS_MIN = 30;

/** Silence that was found is believed for so long, unless one of them answers. */
export const SILENT_HOLD_MS = 30_000;

/** Attempts beyond those among equals: at a backup or another pool that was not asked yet, so that a dead tier does not use them all up. */
export const STEP_DOWNS_MAX = 2;

/** An origin that lost to another counts as failed when it had so many times as long as the other took: slow by itself, not slow for all. */
export const SLOW_LOSS_RATIO = 3;

/** Such losses in a row open a circuit: where one answer in three is slow by chance, that is one request in fifteen thousand. */
export const SLOW_LOSSES_MAX = 8;

/** After hedges in vain, the wait before the next on that route is longer, by this factor at most: a slow report is soon left alone. */
export const HEDGE_PATIENCE_MAX = 64;

/** Time in which such patience is forgotten by half. */
export const HEDGE_PATIENCE_HALF_MS = 60_000;

/** Time in which a peak of latency falls to a third when answers are fast again. */
export const PEAK_DECAY_MS = 10_000;

/** Pairs of origin and route whose latency an isolate remembers; the routes that were new longest ago go first. About 150 bytes each. */
export const LATENCIES_MAX = 10_000;

/** Bodies that are read whole, all requests of an isolate together: beside request bodies another eighth of its 128 MB. */
export const HELD_BYTES_ISOLATE_MAX = 16 * 1024 * 1024;

/** An answer that is still coming after this time is passed on as it comes: whoever sends slowly means it to be seen. */
export const HOLD_MS_MAX = 1000;

/** How often one answer that breaks is continued elsewhere. */
export const RESUMES_MAX = 3;

/** No retry goes to an origin of whose last attempts less than this share succeeded: it would only add load ... */
export const NEXT_SUCCESS_RATE_MIN = 0.5;
/** ... once there are enough to judge. */
export const NEXT_ATTEMPTS_MIN = 10;

/** Last attempts that are remembered of each origin: what the contradiction of a check needs. */
export const RECENT_ATTEMPTS = 20;

/** Request bodies kept for a second attempt, all requests of an isolate together: an eighth of its 128 MB. */
export const REPLAY_BYTES_ISOLATE_MAX = 16 * 1024 * 1024;

/** After this time a thing in flight is taken for lost: the platform may end a request without running its last lines. */
export const LEASE_MS = 300_000;

/** A run of the health checks ends within this time, before the next minute's run begins. */
export const CHECK_RUN_MS_MAX = 55_000;

/** Health checks that wait for an answer at once: the platform lets six connections wait and queues the rest. */
export const CHECKS_AT_ONCE_MAX = 6;

/** Of a check's answer, what is read to find the expected text. */
export const CHECK_BODY_BYTES_MAX = 65_536;

/** Subrequests that one cron run may make on each plan of the platform. */
export const SUBREQUESTS_FREE_PLAN = 50;
export const SUBREQUESTS_PAID_PLAN = 10_000;
/** Kept back for KV: pointer, release and health document are read, and the document is written early and at the run's end. */
export const SUBREQUESTS_KEPT_BACK = 5;
/** Of these, for changes that are written before the run's end. */
export const SUBREQUESTS_KEPT_BACK_EARLY = 1;
/** Kept back besides where changes are told to a webhook: its tries, and one more write. */
export const SUBREQUESTS_KEPT_BACK_ALERTS = 4;

/** Tries of one run to deliver an alert; the next run goes on. */
export const ALERT_TRIES_MAX = 3;

/** Wait for a webhook's answer. A receiver that takes the event and works on it later needs a fraction. */
export const ALERT_TIMEOUT_MS = 5_000;

/** Before the second try; three times as long before the third. Also more than KV's second between two writes of a key. */
export const ALERT_RETRY_MS = 1_500;

/** An alert that could not be delivered for so long is dropped: who reads it later looks at the health itself. */
export const ALERT_KEPT_MS_MAX = 60 * 60_000;

/** Undelivered changes that are kept, the newest: 25 KB of the health document. */
export const ALERT_TRANSITIONS_MAX = 100;

/** Characters of what a check saw that an alert tells. */
export const ALERT_DETAIL_CHARS_MAX = 200;

/** Generations of URL purges that are told apart: a hash table, where a collision costs a miss. With the other tables 450,000 characters. */
export const PURGE_URL_SLOTS = 8192;

/** Generations of surrogate keys that are told apart. */
export const PURGE_TAG_SLOTS = 2048;

/** Generations of path prefixes that are told apart. */
export const PURGE_PREFIX_SLOTS = 2048;

/** Generations of hosts that are told apart: about as many as one config has sites. */
export const PURGE_HOST_SLOTS = 1024;

/** Segments of a path that a prefix purge looks at; a longer prefix purges from here on, so more than was asked, never less. */
export const PURGE_PREFIX_SEGMENTS_MAX = 16;

/** Characters of a purge document that are read: all tables full, with room. */
export const PURGES_CHARS_MAX = 640 * 1024;

/** Wait for KV's answer to a poll: far above its slowest percentile, so that what takes longer counts as an outage. */
export const STATE_READ_MS_MAX = 2_000;

/** Wait for the text of a release, which can be megabytes. */
export const RELEASE_READ_MS_MAX = 5_000;

/** Wait for the data centre's cache: slower than KV it is of no use. */
export const COPY_READ_MS_MAX = 500;

/** A refresh that runs longer belongs to a request that went away; above the sum of its reads. */
export const REFRESH_RUN_MS_MAX = 20_000;

/** The longest that a request waits in an isolate that has no state at all, before it falls back on the baked release. */
export const REFRESH_COLD_WAIT_MS_MAX = 5_000;

/** Between two attempts of an isolate that has no state at all. */
export const REFRESH_COLD_RETRY_MS = 1_000;

/** A release that does not load is tried again after this; each try costs its read and its hash. */
export const RELEASE_RETRY_MS = 60_000;

/** Until a purge is seen in every data centre: KV 60 s, its own cache there 30 s, our copy 30 s, the poll 10 s, and some slack. */
export const PURGE_EVERYWHERE_MS = 150_000;

/** Between two writes of the purge document: KV takes one write per second and key. */
export const PURGE_WRITE_INTERVAL_MS = 1_000;

/** The longest wait before a failed write of the purge document is tried again. */
export const PURGE_WRITE_RETRY_MS_MAX = 30_000;

/** Wrong tokens that one address may send in ADMIN_FAILURE_WINDOW_MS; more are not even compared. */
export const ADMIN_FAILURES_MAX = 10;

/** Time in which wrong admin tokens are counted. */
export const ADMIN_FAILURE_WINDOW_MS = 60_000;

/** Addresses whose wrong tokens an isolate remembers; the oldest goes first. About 100 bytes each. */
export const ADMIN_FAILURE_ADDRESSES_MAX = 10_000;

/** Body of a request to the admin API: purges of as many URLs of the greatest length as one request takes, with room. */
export const ADMIN_BODY_BYTES_MAX = 2 * 1024 * 1024;

/** Characters of what one purge names: a URL of the greatest length. */
export const PURGE_VALUE_CHARS_MAX = 16_384;

/** Purges of one request: what other CDNs take at once, and one short transaction of the ledger. */
export const PURGES_AT_ONCE_MAX = 100;

/** Changes of state within this time go into one write; also KV's time between two writes of a key. */
export const HEALTH_WRITE_GATHER_MS = 1_000;

/** Writes of one run before its end: an origin that comes and goes costs a paid plan no more than 5 writes a minute. */
export const HEALTH_EARLY_WRITES_MAX = 4;

/** On the free plan the health document is written this often in the long run, 786 times a day, which leaves room for operators ... */
export const HEALTH_WRITE_FREE_MS = 110_000;
/** ... and after a quiet time so many times with every run: an hour of an origin that comes and goes. Below 1,000 a day together. */
export const HEALTH_WRITES_AT_ONCE_FREE = 60;

/** How often an unchanged health document is written, to show that the checks are alive: 720 of the free plan's 1,000 daily writes ... */
export const HEALTH_HEARTBEAT_FREE_MS = 120_000;
/** ... and on the paid plan, where a write costs little, with every run. */
export const HEALTH_HEARTBEAT_PAID_MS = 60_000;

/** Bodies up to this are stored in one entry with their metadata, so that a hit is one look-up; they are held in memory while they arrive. */
export const CACHE_INLINE_BYTES_MAX = 128 * 1024;

/** Characters of a stored response's metadata (status, headers, times): above it the response is not stored. Platform header limits are 128 KB. */
export const CACHE_METADATA_CHARS_MAX = 32 * 1024;

/** Places that the variants of one key share; where two meet, the later takes the place. Twenty meet in one case of twenty. */
export const CACHE_VARIANTS_MAX = 4096;

/** Languages that a route tells apart: each multiplies what is stored. */
export const CACHE_LANGUAGES_MAX = 32;

/** Media types that a route reduces Accept to: 2^8 variants. */
export const CACHE_ACCEPT_TYPES_MAX = 8;

/** Request headers that a route keeps from origins: more than any Vary lists in earnest. */
export const CACHE_VARY_IGNORE_MAX = 32;

/** The longest wait for another request's answer: the patience of a visitor, and half of what an attempt takes by default. */
export const CACHE_COLLAPSE_MS_MAX = 60_000;

/** Fields that Vary may list: each multiplies the variants. */
export const CACHE_VARY_FIELDS_MAX = 16;

/** Surrogate keys of one response; a purge of a further one would be missed, so such a response is not stored. */
export const CACHE_TAGS_MAX = 128;

/** Bytes that a store may lag behind the visitor before the visitor waits for it. */
export const CACHE_STORE_LAG_BYTES_MAX = 1024 * 1024;

/** Bytes that a visitor may lag behind the store before the origin is read no further: a small answer, whole. */
export const CACHE_CLIENT_LAG_BYTES_MAX = 128 * 1024;

/** A store that takes nothing for so long is given up, so that the visitor goes on. */
export const CACHE_STORE_STALL_MS_MAX = 5_000;

/** A visitor who takes nothing for so long loses the store, which would otherwise hold the cache open. */
export const CACHE_CLIENT_STALL_MS_MAX = 10_000;

/** How long the store keeps an entry. Freshness is never decided by it. */
export const CACHE_ENVELOPE_SECONDS = 31_536_000;

/** Entries of the store that an isolate keeps parsed, with their fields: about 5 MB of its 128 ... */
export const CACHE_ENTRIES_MAX = 1000;
/** ... since longer ones are parsed each time. */
export const CACHE_ENTRY_CHARS_MAX = 2048;

/** Requests that ask an origin for all who wait, in one isolate: far more than it can have under way. */
export const CACHE_FLIGHTS_MAX = 5_000;

/** Nobody waits for an answer that was asked for longer ago: the platform may end a request without running its last lines. */
export const CACHE_FLIGHT_LEASE_MS = 60_000;

/** For this time nobody waits for answers of a key that turned out not to be storable. */
export const CACHE_REFUSAL_MS = 120_000;

/** Keys whose answers are not stored that an isolate remembers; the oldest goes first. With the longest names 10 MB. */
export const CACHE_REFUSALS_MAX = 5_000;

/** Nobody waits under longer names (key, variant): they are rare, and visitors can make any number of them. */
export const CACHE_FLIGHT_NAME_CHARS_MAX = 1024;

/** Up to this size the whole is fetched when a second part of it is asked for: a document, not a film. */
export const CACHE_RANGE_FILL_BYTES_MAX = 8 * 1024 * 1024;

/** Nobody waits for a body larger than this: it arrives no faster than the visitor who gets it takes it. */
export const CACHE_COLLAPSE_BYTES_MAX = 1024 * 1024;

/** Ranges of one request: more than any player or reader of documents asks for; the whole is then sent. */
export const RANGE_COUNT_MAX = 16;

/** Hops of X-Forwarded-For or Forwarded that are walked: more trusted proxies in a row are a mistake or an attack. */
export const FORWARDED_HOPS_MAX = 32;

/** Characters of a structured field that are parsed: many times what Cache-Status, Priority and targeted control need. */
export const STRUCTURED_FIELD_CHARS_MAX = 16_384;

/** Characters of a template in the config: a long redirect target with its placeholders. */
export const TEMPLATE_CHARS_MAX = 4096;

/** A document held that no read showed for this long may be followed by a lower version: far above how late a read of KV can be. */
export const STATE_RESTART_MS = 600_000;

/** A cold isolate waits this long for KV before it plans with a copy older than 30 s: beyond KV's slow reads in quiet places. */
export const REFRESH_OLD_COPY_WAIT_MS_MAX = 1_000;

/** Bytes asked for in one read of a body that passes through: large enough that the reads cost little, small enough to hold many. */
export const BODY_READ_BYTES = 65_536;

/** Bytes asked for in the first read of such a body; the next ask for twice as many each. */
export const BODY_FIRST_READ_BYTES = 4096;

/** A purge's receipt waits this long for its write to KV; the write goes on, and the purge is durable before. */
export const PURGE_WRITE_WAIT_MS_MAX = 2_000;

/** The longest timeout of a route or health check: nobody waits longer, and a timer of more than 24.8 days would fire at once. */
export const TIMEOUT_MS_MAX = 15 * 60_000;

/** The shortest time between two health checks of an origin: more often is load, not knowledge. */
export const CHECK_INTERVAL_MS_MIN = 1000;

/** A health check waits so long unless the pool says otherwise or checks more often: an origin that takes 10 s is slow, not dead. */
export const CHECK_TIMEOUT_MS_DEFAULT_MAX = 12_000;

/** Characters of a drill's header: all faults of the greatest length, encoded, with room. */
export const DRILL_HEADER_CHARS_MAX = 8192;

/** Faults of one drill: every origin of a large pool, and KV and the cache besides. */
export const DRILL_FAULTS_MAX = 24;

/** Characters of one fault: the longest names of a pool and an origin, with what happens to it. */
export const DRILL_FAULT_CHARS_MAX = 200;

/** How long a signed drill is good for: a header that is left in a shell's history is soon worth nothing. */
export const DRILL_VALID_MS_MAX = 60 * 60_000;

/** By so much the clock of whoever signs a drill may be ahead. */
export const DRILL_CLOCK_SKEW_MS_MAX = 60_000;

/** The longest that a drill lets an origin be silent: more than any default timeout. */
export const DRILL_SLOW_MS_MAX = 120_000;

/** The longest time between two health checks, and the longest that a circuit stays open or counts back. */
export const CHECK_INTERVAL_MS_MAX = 60 * 60_000;

/** Rows of rule, effect and hour that an isolate counts in before it sends them: more rules than match in a minute, a few hundred KB. */
export const RULE_COUNT_ROWS_MAX = 500;

/** Requests that an isolate keeps as samples of one such row. */
export const RULE_COUNT_SAMPLES_MAX = 3;

/** Characters of a sample's method ... */
export const RULE_SAMPLE_METHOD_CHARS_MAX = 20;
/** ... host, the longest that DNS has, with a port ... */
export const RULE_SAMPLE_HOST_CHARS_MAX = 260;
/** ... path, enough to see what was wanted ... */
export const RULE_SAMPLE_PATH_CHARS_MAX = 200;
/** An isolate takes no sample of a rule sooner than this after the one before, once it has enough of them. */
export const RULE_SAMPLE_EVERY_MS = 1_000;

/** ... and user agent. */
export const RULE_SAMPLE_AGENT_CHARS_MAX = 100;

/** A request that sends counts sleeps for so long at most: with RULE_FLUSH_WAIT_MS_MAX below the 30 s that the platform gives it. */
export const RULE_FLUSH_DEFER_MS_MAX = 20_000;

/** What keeps the counts is given so long to take a batch: it needs milliseconds. */
export const RULE_FLUSH_WAIT_MS_MAX = 5_000;

/** The longest time until a batch that was not taken is sent again ... */
export const RULE_FLUSH_RETRY_MS_MAX = 10 * 60_000;
/** ... and when it is given up. */
export const RULE_FLUSH_KEEP_MS_MAX = 60 * 60_000;

/** Counts and samples of rules are kept for a week: as long as a new rule is watched before it is enforced. */
export const RULE_STATS_KEPT_MS = 7 * 86_400_000;
/** How often what is older is removed. */
export const RULE_STATS_CLEAN_MS = 86_400_000;

/** Samples of one rule and effect that are kept. */
export const RULE_STATS_SAMPLES_MAX = 10;

/** Rules and effects that are kept, 20 KB at most each of the 128 MB that a Durable Object has; the one that was quiet longest goes. */
export const RULE_STATS_RECORDS_MAX = 1000;

/** Batches that are remembered, so that one that is sent again counts once: some minutes of a large deployment. */
export const RULE_STATS_BATCHES_MAX = 10_000;

/** The object writes a row in so much time in the long run: 43,200 a day, so that purges keep the most of the free plan's 100,000 ... */
export const RULE_STATS_ROW_MS = 2_000;
/** ... so many at once after a quiet time ... */
export const RULE_STATS_ROWS_AT_ONCE = 200;
/** ... and so many when it has just started, which it may do every ten seconds. */
export const RULE_STATS_ROWS_AT_START = 4;
