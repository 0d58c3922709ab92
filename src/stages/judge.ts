// Decides a request, and brings what its rules cannot be judged without: lists that are not loaded, the beginning of the body.
// Nothing is read that no rule wants, and nothing is decided on what is not there. Deciding is pure, so it is simply done again.

import { decide, type Decision } from "../decide.ts";
import type { EdgeError } from "../errors.ts";
import type { Facts } from "../facts.ts";
import type { BodyFacts } from "../firewall/context.ts";
import { INSPECTION_BYTES_ISOLATE_MAX } from "../limits.ts";
import type { Leases } from "../origin/leases.ts";
import type { Ports } from "../ports.ts";
import type { StateHolder } from "../release/holder.ts";
import type { Ruleset } from "../ruleset.ts";
import { inspectBody } from "./inspect.ts";
import { NOTHING_BROUGHT, type Brought } from "./protect.ts";

export interface JudgeInput {
  readonly id: string;
  readonly request: Pick<Request, "body">;
  readonly facts: Facts;
  readonly ruleset: Ruleset;
  readonly ports: Ports;
  readonly holder: Pick<StateHolder, "loadLists">;
  /** Bytes that the isolate holds of bodies for rules, all requests together. */
  readonly inspecting: Leases;
}

export interface Judged {
  /** Does not count where there is an error. */
  readonly decision: Decision;
  /** The body is too long, or broke off, or there is no room for it. */
  readonly error: EdgeError | null;
  /** The whole body, to be sent on. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** What rules have seen of it; null when it was not read. */
  readonly seen: BodyFacts | null;
  /** To be called when the request has its answer. */
  readonly giveBack: () => void;
}

export async function judge(input: JudgeInput): Promise<Judged> {
  const { id, request, facts, ruleset, ports, holder } = input;
  let giveBack = (): void => undefined;
  let brought: Brought = NOTHING_BROUGHT;
  let body: ReadableStream<Uint8Array> | null = request.body;
  let decision = decide(ruleset, facts, id, brought);
  // Each is brought once: after both, nothing can be wanted any more.
  while (decision.verdict.wants.lists.length > 0 || decision.verdict.wants.body) {
    const { lists } = decision.verdict.wants;
    if (lists.length > 0) {
      await holder.loadLists(ruleset.lists, lists, ports);
      brought = { ...brought, lists: true };
    } else {
      const room = takeRoom(input);
      if (room === null) return { decision, error: NO_ROOM, body, seen: null, giveBack };
      giveBack = room;
      const inspected = await inspectBody({ body, facts, policy: ruleset.inspection, ports });
      if (inspected.kind === "refused") return { decision, error: inspected.error, body: null, seen: null, giveBack };
      body = inspected.body;
      brought = { ...brought, body: inspected.facts };
    }
    decision = decide(ruleset, facts, id, brought);
  }
  return { decision, error: null, body, seen: brought.body, giveBack };
}

const NO_ROOM: EdgeError = { code: "busy", retryAfterSeconds: 2 };

/** What is not looked at must not pass either, or many slow uploads would open a way around the rules. */
function takeRoom({ inspecting, ruleset, facts, ports }: JudgeInput): (() => void) | null {
  const nowMs = ports.clock.nowMs();
  const bytes = Math.min(facts.contentLength ?? ruleset.inspection.bytesMax, ruleset.inspection.bytesMax);
  return inspecting.inUse(nowMs) + bytes > INSPECTION_BYTES_ISOLATE_MAX ? null : inspecting.take(bytes, nowMs);
}
