// Lint: what is wrong in any code, and the layers of this code. The layers are a table here, so that a new folder is one line.

import { defineConfig } from "oxlint";

const NODE_ONLY = {
  group: [
    "zod",
    "zod/**",
    "yaml",
    "recheck",
    "recheck/**",
    "commander",
    "node:*",
    "**/config/{parse,schema,normalize,check,compile,build,issues,source,resources,repair,units}.ts",
    "**/config/{schema,check,compile}/**",
    "**/scripts/**",
  ],
  message: "The Worker loads this file. Config is parsed, checked and compiled when it is published, never in a request.",
};

const NO_PLATFORM = {
  group: ["**/platform/**"],
  message: "Only src/index.ts and tests import platform/. Take an interface from src/ports.ts and have it handed in.",
};

/** From the bottom to the top: a file may import from its own layer and from those before it, and types from anywhere. */
const LAYERS = [
  ["**/http/**"],
  [
    "**/cache/**",
    "**/routing/**",
    "**/expression/**",
    "**/origin/**",
    "**/firewall/**",
    "**/access/**",
    "**/transform/**",
    "**/observe/**",
    "**/release/**",
    "**/admin/**",
    "**/drill/**",
  ],
  ["**/plan.ts"],
  ["**/stages/**", "**/decide.ts"],
  ["**/pipeline.ts"],
  ["**/index.ts"],
] as const;

type Pattern = { group: string[]; message: string; allowTypeImports?: boolean };

function notAbove(layer: number): Pattern {
  return {
    group: LAYERS.slice(layer + 1).flat(),
    allowTypeImports: true,
    message:
      "Layers: http <- cache routing expression origin firewall transform observe <- plan <- stages <- pipeline <- index. This points upwards.",
  };
}

function restrict(files: string[], patterns: Pattern[]) {
  return { files, rules: { "no-restricted-imports": ["error", { patterns }] as ["error", { patterns: Pattern[] }] } };
}

export default defineConfig({
  plugins: ["typescript", "unicorn", "oxc", "import", "vitest", "promise"],
  categories: { correctness: "error", suspicious: "error" },
  options: { typeAware: true },
  ignorePatterns: ["dist", "coverage", "worker-configuration.d.ts"],
  rules: {
    "import/no-cycle": "error",
    "import/no-default-export": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/consistent-type-imports": "error",
    eqeqeq: "error",
    "no-eval": "error",
    "no-var": "error",
    "prefer-const": "error",
    "max-lines": ["error", { max: 320 }],
    "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
    "max-params": ["error", { max: 4 }],
    "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrorsIgnorePattern: "^_" }],
    "no-control-regex": "off",
    "typescript/no-unsafe-type-assertion": "off",
    "typescript/consistent-return": "off",
    "import/no-named-as-default-member": "off",
    "import/no-named-as-default": "off",
    "unicorn/no-array-sort": "off",
    "unicorn/consistent-function-scoping": "off",
  },
  overrides: [
    restrict(["src/http/**"], [NODE_ONLY, NO_PLATFORM, notAbove(0)]),
    restrict(
      ["src/{cache,routing,origin,firewall,access,transform,observe,release,admin,drill}/**"],
      [NODE_ONLY, NO_PLATFORM, notAbove(1)],
    ),
    restrict(
      ["src/expression/**"],
      [NODE_ONLY, { group: ["../**"], message: "The rules language stands alone: what it needs is handed in." }],
    ),
    restrict(["src/plan.ts"], [NODE_ONLY, NO_PLATFORM, notAbove(2)]),
    restrict(["src/{decide.ts,stages/**}"], [NODE_ONLY, NO_PLATFORM, notAbove(3)]),
    restrict(["src/pipeline.ts"], [NODE_ONLY, NO_PLATFORM, notAbove(4)]),
    restrict(["src/platform/**"], [NODE_ONLY, notAbove(2)]),
    restrict(["src/config/**"], [NO_PLATFORM, notAbove(1)]),
    restrict(["src/config/{load,load-client,snapshot,encode}.ts"], [NODE_ONLY, NO_PLATFORM, notAbove(1)]),
    restrict(["scripts/**"], [NO_PLATFORM]),
    restrict(["src/index.ts"], [NODE_ONLY]),
    // Every limit in one file is the point of it.
    { files: ["src/limits.ts", "scripts/bootstrap.mjs"], rules: { "max-lines": "off" } },
    {
      files: ["test/**"],
      rules: {
        "max-lines": "off",
        "max-lines-per-function": "off",
        // Rows of a table come as parameters.
        "max-params": "off",
        "vitest/expect-expect": ["error", { assertFunctionNames: ["expect", "expect*", "fc.assert"] }],
        "vitest/require-mock-type-parameters": "off",
        // Properties and tables branch on what they generate.
        "vitest/no-conditional-expect": "off",
        "vitest/valid-expect": ["error", { maxArgs: 2 }],
      },
    },
    {
      files: ["src/index.ts", "test/bench/bare-worker.js", "**/vitest.config.ts", "oxlint.config.ts"],
      rules: { "import/no-default-export": "off" },
    },
  ],
});
