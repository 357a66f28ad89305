import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, onTestFinished, test, vi } from "vitest";
import { ensureChromium } from "./setup/chromium.mjs";
import { run } from "./setup/process.mjs";
import { ROOT } from "./suite/root.ts";
import { writeTree } from "./test-support/tree.ts";

const RUN = join(ROOT, "scripts/run.mjs");

test("an unknown command names the known ones and exits with 2", async () => {
  const { code, output } = await run(process.execPath, [RUN, "toString"]);
  expect(code).toBe(2);
  expect(output).toContain("start | check | build | e2e | test");
});

test("what went wrong in the set-up is said without a stack, from any folder", async () => {
  const root = await writeTree({ "package-lock.json": "{" });
  await cp(join(ROOT, "scripts/run.mjs"), join(root, "scripts/run.mjs"));
  await cp(join(ROOT, "scripts/setup"), join(root, "scripts/setup"), { recursive: true });
  const args = [join(root, "scripts/run.mjs"), "check"];
  const { code, output } = await run(process.execPath, args, { cwd: tmpdir() });
  expect(output).toBe("breezeway: package-lock.json is missing or damaged.\n");
  expect(code).toBe(1);
});

test("a CHROMIUM_PATH from which nothing starts is an error, not a hint", async () => {
  vi.stubEnv("CHROMIUM_PATH", "/no/chromium");
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(ensureChromium(ROOT, process.execPath)).rejects.toThrow(
    "CHROMIUM_PATH is /no/chromium, and no Chromium starts from there.",
  );
});
