import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "./process.mjs";
import { withoutServices } from "./without-services.mjs";

const NO = 101;
let folder: string;
let policy: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "breezeway-policy-"));
  policy = join(folder, "policy-rc.d");
});

afterEach(() => rmSync(folder, { recursive: true }));

const ask = async (): Promise<number> => (await run(policy, ["nginx", "start"])).code;

test("refuses services during an installation and allows them afterwards", async () => {
  expect(await withoutServices(ask, policy)).toBe(NO);
  expect(existsSync(policy)).toBe(false);
});

test("leaves nothing behind when an installation fails", async () => {
  const failing = (): Promise<never> => Promise.reject(new Error("no apt"));
  await expect(withoutServices(failing, policy)).rejects.toThrow("no apt");
  expect(existsSync(policy)).toBe(false);
});

test("keeps the policy of an administrator", async () => {
  const own = "#!/bin/sh\nexit 104\n";
  writeFileSync(policy, own);
  chmodSync(policy, 0o755);
  expect(await withoutServices(ask, policy)).toBe(104);
  expect(readFileSync(policy, "utf8")).toBe(own);
});

test("replaces a policy that a crash left behind, which allows everything", async () => {
  let text = "";
  await withoutServices(async () => {
    text = readFileSync(policy, "utf8");
    await Promise.resolve();
  }, policy);
  // A process that has ended.
  const { output } = await run(process.execPath, ["--print", "process.pid"]);
  writeFileSync(policy, text.replace(String(process.pid), output.trim()), { mode: 0o755 });
  expect(await ask()).toBe(0);
  expect(await withoutServices(ask, policy)).toBe(NO);
  expect(existsSync(policy)).toBe(false);
});

test("installs even when the policy cannot be written", async () => {
  const nowhere = join(folder, "missing", "policy-rc.d");
  expect(await withoutServices(() => Promise.resolve("done"), nowhere)).toBe("done");
});
