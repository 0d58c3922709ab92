// The command line of Breakwater: argv -> command -> exit code. Only the first step: it lets Node keep the compiled form of the
// modules and hands over to commands/program.ts. Plain JavaScript, because Node would load its TypeScript compiler for this one file,
// which comes before the cache: that alone takes longer than most commands.

import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/breakwater", import.meta.url)));

const { runCommandLine } = await import("./commands/program.ts");
await runCommandLine(process.argv);
