// The Clock port: the platform's wall clock.

import type { Clock } from "../ports.ts";

export const platformClock: Clock = { nowMs: () => Date.now() };
