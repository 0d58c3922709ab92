// Every error that Breakwater itself answers with: one code, one status, one sentence. Codes are stable: they are in the log,
// on the page and in the docs. A response of an origin, whatever its status, is not an error and passes through.

/** Who caused it: the visitor's request, an origin, or Breakwater and its config. */
export type ErrorSource = "client" | "origin" | "edge";

export type ErrorCode =
  | "bad-host"
  | "bad-path"
  | "uri-too-long"
  | "headers-too-large"
  | "body-too-large"
  | "body-incomplete"
  | "busy"
  | "loop"
  | "unknown-host"
  | "no-route"
  | "method-not-allowed"
  | "blocked"
  | "rate-limited"
  | "maintenance"
  | "not-in-cache"
  | "drill-method"
  | "origin-unreachable"
  | "origin-timeout"
  | "pool-unavailable"
  | "no-release"
  | "internal";

export interface ErrorKind {
  readonly status: number;
  readonly source: ErrorSource;
  readonly title: string;
  readonly message: string;
}

/** One error answer, with what only this occurrence knows. */
export interface EdgeError {
  readonly code: ErrorCode;
  /** Replaces the kind's status (a block rule may name its own). */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  /** Methods for the Allow header of a 405 (RFC 9110 15.5.6). */
  readonly allow?: readonly string[];
  /** Shown on the page of a blocked request, so that an operator can find the rule. */
  readonly ruleId?: string;
}

const KINDS: Readonly<Record<ErrorCode, ErrorKind>> = {
  "bad-host": client(400, "Bad request", "The host name of this request is not valid."),
  "bad-path": client(400, "Bad request", "The address of this request has characters that are not allowed."),
  "uri-too-long": client(414, "Address too long", "The address of this request is longer than this server accepts."),
  "headers-too-large": client(431, "Headers too large", "This request has more headers than this server accepts."),
  "body-too-large": client(413, "Content too large", "The content of this request is larger than this server accepts."),
  "body-incomplete": client(408, "Request timeout", "The content of this request did not arrive in full."),
  busy: edge(503, "Busy", "There are too many uploads at the moment. Please try again in a few seconds."),
  loop: client(508, "Loop detected", "This request has passed through this server before."),
  "unknown-host": client(404, "Not found", "There is nothing at this address."),
  "no-route": client(404, "Not found", "There is nothing at this address."),
  "method-not-allowed": client(405, "Method not allowed", "This address does not take requests of this method."),
  blocked: client(403, "Access denied", "This request was blocked by the site's rules."),
  "rate-limited": client(
    429,
    "Too many requests",
    "There were more requests from here than this site takes in this time. Wait a while, then try again.",
  ),
  maintenance: edge(503, "Under maintenance", "This site is being worked on and will be back soon."),
  "not-in-cache": edge(504, "Not in cache", "The request asked for a stored answer only, and there is none."),
  "drill-method": client(400, "Bad request", "A drill sends GET, HEAD or OPTIONS only: other methods could change something."),
  "origin-unreachable": origin(502, "Bad gateway", "The server behind this site could not be reached."),
  "origin-timeout": origin(504, "Gateway timeout", "The server behind this site did not answer in time."),
  "pool-unavailable": origin(503, "Service unavailable", "No server behind this site is available at the moment."),
  "no-release": edge(
    503,
    "Not configured yet",
    "Breakwater runs, but has no config yet. Its operator publishes one with: npm run breakwater -- publish FILE",
  ),
  internal: edge(500, "Internal error", "Something went wrong while this request was handled."),
};

export function errorKind(error: EdgeError): ErrorKind {
  const kind = KINDS[error.code];
  return error.status === undefined ? kind : { ...kind, status: error.status };
}

/** All codes with their kinds, for the docs. */
export function errorKinds(): Readonly<Record<ErrorCode, ErrorKind>> {
  return KINDS;
}

function client(status: number, title: string, message: string): ErrorKind {
  return { status, source: "client", title, message };
}

function origin(status: number, title: string, message: string): ErrorKind {
  return { status, source: "origin", title, message };
}

function edge(status: number, title: string, message: string): ErrorKind {
  return { status, source: "edge", title, message };
}
