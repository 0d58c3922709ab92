// What the stage fetch is asked for, and what it answers: the types that its own files and the stages around it share.

import type { FailureKind } from "../origin/classify.ts";
import type { Plan } from "../plan.ts";

export interface FetchInput {
  readonly plan: Plan;
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  /** By name of a pool with `sticky`: the id of the origin that the visitor stays with. */
  readonly pins: ReadonlyMap<string, string>;
  /** False for work that goes on when the visitor leaves, such as filling the cache. Default true. */
  readonly abortWithVisitor?: boolean;
}

export type FetchOutcome =
  | FetchedResponse
  | { readonly kind: "failed"; readonly reason: FetchFailureReason; readonly retryAfterSeconds: number | null };

export interface FetchedResponse {
  readonly kind: "response";
  /** Of any status: a 503 here is an origin's own, the last of those that were asked. */
  readonly response: Response;
  readonly origin: AnsweringOrigin;
  /** Of the attempt that was answered (RFC 9111 4.2.3 calls them request_time and response_time). */
  readonly requestedAtMs: number;
  readonly respondedAtMs: number;
}

export interface AnsweringOrigin {
  readonly pool: string;
  readonly id: string;
  readonly base: string;
  readonly basePath: string;
}

/** no-origin: an operator took every origin of the pool and its fallbacks away. Others: how the last attempt failed. */
export type FetchFailureReason = Exclude<FailureKind, "status"> | "no-origin";
