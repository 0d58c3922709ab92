import { defineConfig } from "vitest/config";

// Three kinds of tests: in Node without I/O, inside workerd with its real APIs, and against the built Worker with real processes.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          environment: "node",
          // Modules keep no state of their own, so files share those that are loaded: to load them for each file anew is half of the time.
          isolate: false,
          // Properties compute for seconds, and on a busy machine for longer.
          testTimeout: 30_000,
          include: ["test/unit/**/*.test.ts", "test/golden/**/*.test.ts", "test/fuzz/**/*.test.ts"],
        },
      },
      "test/worker/vitest.config.ts",
      {
        test: {
          name: "e2e",
          environment: "node",
          include: ["test/e2e/**/*.test.ts"],
          // One file at a time: each runs a Worker and several origins, and some measure memory.
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
