// One edit of a rule, from text to release; what all edits have in common is in config-edit.ts. Called by the rule commands.

import { nearestName } from "../../src/expression/diagnostics.ts";
import type { RuleEdit, RuleEditError } from "../edit/rules.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import type { Report } from "../output/report.ts";
import type { Source } from "../store/documents.ts";
import { openEdit, publishEdit, uneditable, type EditOptions } from "./config-edit.ts";
import { openStore, type Session } from "./session.ts";

export type RuleEditOptions = EditOptions;

export interface RuleEditInput {
  readonly edit: RuleEdit;
  /** For the history, when the user gave none. */
  readonly message: string;
}

export async function publishRuleEdit(session: Session, options: RuleEditOptions, input: RuleEditInput): Promise<Report> {
  const target = await openStore(session, options);
  const before = await openEdit(session, options, target);
  const { entry, files } = before.source;
  const { editRules } = await import("../edit/rules.ts");
  const result = editRules(files[entry] ?? "", input.edit);
  if (!result.ok) throw editFailure(result.error, entry, options);
  const after: Source = { entry, files: { ...files, [entry]: result.value } };
  return publishEdit(session, options, { target, before, after, message: input.message });
}

function editFailure(error: RuleEditError, entry: string, options: RuleEditOptions): Error {
  const where = options.config ?? `${entry} of the release in force`;
  switch (error.kind) {
    case "unknown-rule": {
      const near = nearestName(error.id, error.known);
      const why = error.known.length === 0 ? `${where} has no rules` : `${where} has: ${error.known.join(", ")}`;
      const fix = near === null ? "breakwater rule list shows them" : `did you mean ${near}?`;
      return failure({ what: `there is no rule "${error.id}"`, why, fix, exit: EXIT.usage });
    }
    case "exists":
      return failure({
        what: `there is a rule "${error.id}" already`,
        why: "ids are unique",
        fix: `choose another --id, or first: breakwater rule remove ${error.id}`,
        exit: EXIT.usage,
      });
    case "not-yaml":
    case "form":
      return uneditable(where, error);
    default:
      return error satisfies never;
  }
}
