// breakwater alert: tries the webhook that is told of changes of the origins' health. The Worker sends the test event, so that what is
// tried is its secret and its network, not those of this machine.

import type { Command } from "commander";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import { printable } from "../output/paint.ts";
import { report, type Report } from "../output/report.ts";
import { field } from "../store/rest.ts";
import { requireAdmin } from "../store/worker.ts";
import { sessionAdmin } from "./after-edit.ts";
import { withStore, type Run } from "./options.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

export function addAlert(program: Command, run: Run): void {
  const alert = program.command("alert").description("the webhook that is told when an origin goes down or comes up");
  withStore(alert.command("test").description("let the Worker send it a test event, and see what it answers")).action(
    (options: StoreOptions) => run(options, (session) => test(session, options)),
  );
}

/** By the Worker's outcome. */
const FIXES: Readonly<Record<string, string>> = {
  unsigned: "give the Worker the secret that `alerts.secret` names: npx wrangler secret put NAME",
  refused: "check the URL of `alerts.webhook`, and that the receiver knows the secret: docs/alerts.md shows how it verifies",
  failed: "check that the receiver is reachable from the internet and answers within 5 s with a status of 2xx",
};

async function test(session: Session, options: StoreOptions): Promise<Report> {
  const api = requireAdmin(sessionAdmin(session, await openStore(session, options)), "nothing was sent");
  const answer = await api.call("POST", "/_breakwater/alert-test");
  const [outcome, detail, id] = [textOf(answer, "outcome"), textOf(answer, "detail"), textOf(answer, "id")];
  if (outcome !== "delivered") {
    throw failure({
      what: "the webhook did not take the test event",
      why: `${outcome}: ${detail}`,
      fix: FIXES[outcome],
      exit: EXIT.failed,
      data: { alert: answer },
    });
  }
  const signed = field(answer, "signed") === true ? "signed" : "not signed: the config names no secret for it";
  return report([`The webhook took test event ${id} (${detail}, ${signed}).`], { alert: answer });
}

function textOf(answer: unknown, name: string): string {
  const value = field(answer, name);
  return typeof value === "string" ? printable(value) : "unknown";
}
