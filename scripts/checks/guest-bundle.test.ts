import { expect, test } from "vitest";
import { MAIN_ENTRY, writeWorkspaces } from "../test-support/tree.ts";
import { checkGuestBundle } from "./guest-bundle.ts";

async function problemsOf(source: string): Promise<string[]> {
  const root = await writeWorkspaces(
    { guest: { manifest: MAIN_ENTRY, files: { "src/index.ts": source } } },
    ["zod", "lit", "jose"],
  );
  return checkGuestBundle(root);
}

test.for(["zod", "zod/mini", "lit", "jose"])("refuses %s in it", async (name) => {
  const problems = await problemsOf(
    `import * as all from "${name}"; export const use = () => Object.keys(all);`,
  );
  expect(problems.length).toBeGreaterThan(0);
});

test("accepts an import that leaves nothing in the bundle", async () => {
  expect(await problemsOf(`import type { ZodType } from "zod"; export type T = ZodType;`)).toEqual(
    [],
  );
});

test("reports a guest package without a main entry", async () => {
  const root = await writeWorkspaces({ guest: { manifest: {}, files: {} } });
  expect(await checkGuestBundle(root)).toEqual([
    "guest/package.json: exports has no main entry to check",
  ]);
});
