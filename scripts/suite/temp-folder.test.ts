import { existsSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { afterEach, expect, test, vi } from "vitest";
import { withTempInMemory, type TempFolderOptions } from "./temp-folder.ts";

const BEFORE = "/tmp/as-before";
const ROOM = { minFreeBytes: 1 };

afterEach(() => void vi.unstubAllEnvs());

/** The `TMPDIR` of the work, and what it leaves. */
async function runIn(memory: string, options: TempFolderOptions = {}) {
  vi.stubEnv("TMPDIR", BEFORE);
  const during = await withTempInMemory(
    async () => {
      const folder = process.env["TMPDIR"] ?? "";
      if (folder !== BEFORE) writeFileSync(join(folder, "left"), "");
      return { folder, mode: folder === BEFORE ? 0 : statSync(folder).mode & 0o777 };
    },
    { memory, ...options },
  );
  return {
    during: during.folder,
    mode: during.mode,
    after: process.env["TMPDIR"],
    left: existsSync(memory) && readdirSync(memory),
  };
}

const emptyFolder = (): string => mkdtempSync(join(tmpdir(), "memory-"));

test("temporary files are in memory while the work runs, and are deleted after it", async () => {
  const memory = emptyFolder();
  const { during, after, left } = await runIn(memory, ROOM);
  expect(dirname(during)).toBe(memory);
  expect(after).toBe(BEFORE);
  expect(left).toEqual([]);
});

test("other users may enter the folder, since PostgreSQL does not run as root", async () => {
  const { mode } = await runIn(emptyFolder(), ROOM);
  expect(mode).toBe(0o755);
});

test("work that fails leaves no temporary files either", async () => {
  const memory = emptyFolder();
  const fail = (): Promise<never> => Promise.reject(new Error("no luck"));
  await expect(withTempInMemory(fail, { memory, ...ROOM })).rejects.toThrow("no luck");
  expect(readdirSync(memory)).toEqual([]);
});

test("temporary files stay where they are when memory has no room", async () => {
  const { during, left } = await runIn(emptyFolder(), { minFreeBytes: 2 ** 60 });
  expect(during).toBe(BEFORE);
  expect(left).toEqual([]);
});

test("temporary files stay where they are on a system without shared memory", async () => {
  const { during } = await runIn(join(emptyFolder(), "missing"), ROOM);
  expect(during).toBe(BEFORE);
});

test("temporary files stay where they are when memory runs no programs", async () => {
  const { during, left } = await runIn(emptyFolder(), { ...ROOM, canRun: () => false });
  expect(during).toBe(BEFORE);
  expect(left).toEqual([]);
});
