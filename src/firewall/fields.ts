// The fields that a rule may name: one table with name, type, description and getter. A field that Cloudflare has and a Worker
// cannot know is here too, so that a rule that was pasted compiles; it has no getter, and using it is a warning.
// Getters are cheap; what takes work is derived once per request, when a rule first asks for it.

import { FUNCTIONS } from "../expression/functions.ts";
import { makeScheme } from "../expression/scheme.ts";
import { ADDRESS_FIELDS } from "./fields-address.ts";
import { BODY_FIELDS } from "./fields-body.ts";
import { CONNECTION_FIELDS } from "./fields-connection.ts";
import { HEADER_FIELDS } from "./fields-header.ts";
import { OWN_FIELDS } from "./fields-own.ts";
import { PLATFORM_FIELDS } from "./fields-platform.ts";
import { RESPONSE_FIELDS } from "./fields-response.ts";
import { UNKNOWN_FIELDS } from "./fields-unknown.ts";
import { URI_FIELDS } from "./fields-uri.ts";
import type { Field, Scheme } from "../expression/scheme.ts";
import type { RuleContext } from "./context.ts";

/** All fields, by name. */
export const RULE_FIELDS: readonly Field<RuleContext>[] = [
  ...ADDRESS_FIELDS,
  ...BODY_FIELDS,
  ...CONNECTION_FIELDS,
  ...HEADER_FIELDS,
  ...OWN_FIELDS,
  ...PLATFORM_FIELDS,
  ...RESPONSE_FIELDS,
  ...UNKNOWN_FIELDS,
  ...URI_FIELDS,
].toSorted((left, right) => (left.name < right.name ? -1 : 1));

/** Fields and functions for rules, without lists; `withLists` adds those of a config. */
export const ruleScheme: Scheme<RuleContext> = makeScheme(RULE_FIELDS, FUNCTIONS);
