import { defineConfig } from "vitest/config";

// Tests run from source: the export condition maps every public entry to its TypeScript file.
const conditions = ["@breezeway/source"];

/** Tests that measure their process. Each has one of its own. */
const OWN_PROCESS = [
  "gateway/src/chaos.test.ts",
  "gateway/src/node/idle-connections.test.ts",
  "gateway/src/node/lifecycle.test.ts",
];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
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
    projects: [
      { extends: true, test: { name: "own process", include: OWN_PROCESS } },
      {
        extends: true,
        test: {
          name: "shared process",
          // Starting a process and loading the same modules takes longer than most files' tests.
          isolate: false,
          include: [
            "{shared,guest,host,client,console,verify,issuer,gateway,cli,demo,chaos,scripts,docs,examples,e2e,bench,test-support}/**/*.test.ts",
          ],
          exclude: OWN_PROCESS,
        },
      },
    ],
  },
});
