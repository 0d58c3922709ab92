// Decides a request, and brings what its rules cannot be judged without: lists that are not loaded, the beginning of the body.
// Nothing is read that no rule wants, and nothing is decided on what is not there. Deciding is pure, so it is simply done again.

import { decide, type Decision } from "../decide.ts";
import type { EdgeError } from "../errors.ts";
import type { Facts } from "../facts.ts";
import type { BodyFacts } from "../firewall/context.ts";
import { NOTHING_SAID } from "../firewall/evaluate.ts";
import { isBodyCut } from "../firewall/fields-body.ts";
import { INSPECTION_BYTES_ISOLATE_MAX } from "../limits.ts";
import type { Leases } from "../origin/leases.ts";
import type { Ports } from "../ports.ts";
import type { StateHolder } from "../release/holder.ts";
import type { Ruleset } from "../ruleset.ts";
import { inspectBody, type Inspected } from "./inspect.ts";
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
      const room = openRoom(input);
      giveBack = room.giveBack;
      const inspected = await inspectAll(input, room.grow);
      if (inspected.kind === "refused") {
        return { decision: unjudged(decision, facts), error: inspected.error, body: null, seen: null, giveBack };
      }
      body = inspected.body;
      brought = { ...brought, body: inspected.facts };
    }
    decision = decide(ruleset, facts, id, brought);
  }
  return { decision, error: null, body, seen: brought.body, giveBack };
}

/** What rules made of a request that was not known is nothing that they did: not for the log, nor for what is counted of them. */
function unjudged(decision: Decision, facts: Facts): Decision {
  return { ...decision, facts, verdict: NOTHING_SAID };
}

/** Where a config wants nothing past its rules that they have not seen, that holds for fields too: thousands of empty ones could hide one. */
async function inspectAll(
  { request: { body }, facts, ruleset: { inspection }, ports }: JudgeInput,
  grow: Room["grow"],
): Promise<Inspected> {
  const inspected = await inspectBody({ body, facts, policy: inspection, ports, grow });
  const isCut = inspected.kind === "inspected" && inspection.over === "block" && isBodyCut(facts, inspected.facts);
  return isCut ? { kind: "refused", error: { code: "body-too-large" } } : inspected;
}

/** This request's share of what the isolate holds of bodies. */
interface Room {
  readonly grow: (bytes: number) => boolean;
  readonly giveBack: () => void;
}

function openRoom({ inspecting, ports }: JudgeInput): Room {
  let held = 0;
  let giveBack = (): void => undefined;
  const grow = (bytes: number): boolean => {
    if (bytes <= held) return true;
    const nowMs = ports.clock.nowMs();
    if (inspecting.inUse(nowMs) - held + bytes > INSPECTION_BYTES_ISOLATE_MAX) return false;
    giveBack();
    giveBack = inspecting.take(bytes, nowMs);
    held = bytes;
    return true;
  };
  return { grow, giveBack: () => giveBack() };
}
