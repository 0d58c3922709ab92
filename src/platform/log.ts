// The Log port: one JSON line on the console, which Workers Logs, `wrangler tail` and the local terminal read.

import type { Log } from "../ports.ts";

export const consoleLog: Log = {
  write(line) {
    try {
      console.log(JSON.stringify(line));
    } catch {
      // A line that cannot be written must not cost the visitor an answer.
    }
  },
};
