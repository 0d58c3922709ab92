// How much of a body rules may look at: enough for a form, little enough that an upload is not delayed.

import { INSPECTION_BYTES_MAX, INSPECTION_BYTES_MIN } from "../../limits.ts";
import { parseSizeBytes } from "../units.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

export function checkInspection(context: CheckContext): void {
  const { bytes } = context.config.inspection;
  const size = parseSizeBytes(bytes) ?? 0;
  if (size >= INSPECTION_BYTES_MIN && size <= INSPECTION_BYTES_MAX) return;
  const expected = `${INSPECTION_BYTES_MIN / 1024}KiB to ${INSPECTION_BYTES_MAX / 1024 ** 2}MiB`;
  const message = `\`bytes\` is too ${size < INSPECTION_BYTES_MIN ? "small" : "large"}.`;
  report(context, ["inspection", "bytes"], {
    code: "out-of-range",
    message,
    expected,
    found: bytes,
    fix: `Write a size from ${expected}.`,
  });
}
