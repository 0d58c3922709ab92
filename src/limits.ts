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
