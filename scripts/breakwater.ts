// The command line of Breakwater: argv -> command -> exit code. Only the first step: it lets Node keep the compiled form of the
// modules, which more than halves the time to start, and hands over to commands/program.ts.

import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/breakwater", import.meta.url)));

const { runCommandLine } = await import("./commands/program.ts");
await runCommandLine(process.argv);
