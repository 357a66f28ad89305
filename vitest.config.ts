import { defineConfig } from "vitest/config";

// Tests run from source: the export condition maps every public entry to its TypeScript file.
const conditions = ["@breezeway/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      "{shared,guest,host,verify,issuer,gateway,cli,demo,scripts,docs,examples,e2e,test-support}/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**"],
    typecheck: { enabled: false },
    dangerouslyIgnoreUnhandledErrors: false,
    // Not threads: native addons (swc) crash in them, and take the whole run along.
    pool: "forks",
    // Limits are for what hangs: a busy machine takes many times as long as a quiet one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Less than a token's life, whose end could be taken for its revocation.
    expect: { poll: { timeout: 40_000 } },
    setupFiles: ["./scripts/vitest-setup.ts"],
  },
});
