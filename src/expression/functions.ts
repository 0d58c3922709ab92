// The functions of the language, all of them pure. `any` and `all` are part of the grammar and not here.

import { COLLECTION_FUNCTIONS } from "./functions-collection.ts";
import { DIGEST_FUNCTIONS } from "./functions-digest.ts";
import { JSON_FUNCTIONS } from "./functions-json.ts";
import { PATTERN_FUNCTIONS } from "./functions-pattern.ts";
import { TEXT_FUNCTIONS } from "./functions-text.ts";
import { URL_FUNCTIONS } from "./functions-url.ts";
import type { FunctionDefinition } from "./scheme.ts";

/** By name. */
export const FUNCTIONS: readonly FunctionDefinition[] = [
  ...COLLECTION_FUNCTIONS,
  ...DIGEST_FUNCTIONS,
  ...JSON_FUNCTIONS,
  ...PATTERN_FUNCTIONS,
  ...TEXT_FUNCTIONS,
  ...URL_FUNCTIONS,
].toSorted((left, right) => (left.name < right.name ? -1 : 1));
