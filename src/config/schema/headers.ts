// Header rules of a site or route.

import { z } from "zod";
import { HEADER_RULES_MAX } from "../../limits.ts";
import { headerName, headerValue, key, mapping } from "./scalars.ts";

function tooMany(count: number): boolean {
  return count <= HEADER_RULES_MAX;
}

const limit = { error: () => `${HEADER_RULES_MAX} headers at most` };

function side(example: string) {
  return mapping({
    remove: key(
      z
        .array(headerName)
        .refine((names) => tooMany(names.length), limit)
        .default([]),
      "Taken away, before `set` and `add`.",
      [example],
    ),
    set: key(
      z
        .record(headerName, headerValue)
        .refine((record) => tooMany(Object.keys(record).length), limit)
        .default({}),
      "Set to one value, with placeholders.",
      {
        [example]: "value",
      },
    ),
    add: key(
      z
        .record(headerName, z.union([headerValue, z.array(headerValue)]))
        .refine((record) => tooMany(Object.keys(record).length), limit)
        .default({}),
      "Added to what is there: one value or several, with placeholders.",
      { [example]: "value" },
    ),
  }).prefault({});
}

export const headers = mapping({
  request: key(side("X-Site"), "On the way to the origin; runs before the cache."),
  response: key(side("X-Frame-Options"), "On the way to the visitor; runs for cached answers too."),
});
