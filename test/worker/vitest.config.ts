// Tests that run inside workerd, with its own KV, Cache API and Durable Objects. They test adapters and what needs those APIs; the
// built Worker itself is tested in test/e2e, because this pool allows what production refuses (eval, for one).

import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    cloudflareTest({
      main: "./admin-entry.ts",
      wrangler: { configPath: "../../wrangler.toml" },
    }),
  ],
  test: { name: "worker", include: ["**/*.test.ts"] },
});
