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

test("exits with 2 and names the known commands for an unknown command", async () => {
  const { code, output } = await run(process.execPath, [RUN, "toString"]);
  expect(code).toBe(2);
  expect(output).toContain("start | check | build | e2e | test");
});

test("reports a failure of the set-up without a stack, from any folder", async () => {
  const root = await writeTree({ "package-lock.json": "{" });
  await cp(join(ROOT, "scripts/run.mjs"), join(root, "scripts/run.mjs"));
  await cp(join(ROOT, "scripts/setup"), join(root, "scripts/setup"), { recursive: true });
  const args = [join(root, "scripts/run.mjs"), "check"];
  const { code, output } = await run(process.execPath, args, { cwd: tmpdir() });
  expect(output).toBe("breezeway: package-lock.json is missing or damaged.\n");
  expect(code).toBe(1);
});

test("fails when no Chromium starts from CHROMIUM_PATH", async () => {
  vi.stubEnv("CHROMIUM_PATH", "/no/chromium");
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(ensureChromium(ROOT, process.execPath)).rejects.toThrow(
    "CHROMIUM_PATH: no Chromium starts from /no/chromium. Correct the path or unset the variable.",
  );
});
