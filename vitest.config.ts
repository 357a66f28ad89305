import { defineConfig } from "vitest/config";

// Tests run from source: the export condition maps every public entry to its TypeScript file.
const conditions = ["@breezeway/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      "{shared,guest,host,client,verify,issuer,gateway,cli,demo,scripts,docs,examples,e2e,test-support}/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**"],
    typecheck: { enabled: false },
    dangerouslyIgnoreUnhandledErrors: false,
    // Native addons (swc) crash in threads and end the whole run.
    pool: "forks",
    // These limits end tests that hang. A busy machine takes many times as long as an idle one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Shorter than a token's life: a test could mistake an expired token for a revoked one.
    expect: { poll: { timeout: 40_000 } },
    setupFiles: ["./scripts/vitest-setup.ts"],
  },
});
