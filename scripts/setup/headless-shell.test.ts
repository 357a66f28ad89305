import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { writeTree } from "../test-support/tree.ts";
import { ensureHeadlessShell } from "./headless-shell.mjs";

const BROWSER = "Chromium 150.0.1.2 built on Debian GNU/Linux 12";
const SHELL = "Chromium 150.0.1.2";
const PACKAGE = "chromium-headless-shell=150.0.1.2-1~deb12u1";
/** Answers as `dpkg-query` does where the browser is a file of Debian's package. */
const FROM_DEBIAN = `[ "$1" = -S ] && echo "chromium: $2" || printf 150.0.1.2-1~deb12u1`;

interface Machine {
  /** The text of the browser's `--version`. */
  readonly browser?: string;
  /** The same of an installed headless shell. */
  readonly shell?: string;
  /** The script of `dpkg-query`. */
  readonly dpkg?: string;
  /** The answers to installations, in order: the `--version` of the new shell, or nothing for a failure. */
  readonly installs?: readonly (string | undefined)[];
}

/** Looks for a shell on a machine on which nothing else is installed. */
async function onMachine({ browser = BROWSER, shell, dpkg, installs = [] }: Machine) {
  const folder = await writeTree({ "chromium/.keep": "", "bin/.keep": "" });
  const program = async (path: string, script: string | undefined): Promise<void> => {
    if (script === undefined) return;
    await writeFile(join(folder, path), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, path), 0o755);
  };
  const print = (text: string | undefined) => (text === undefined ? text : `echo "${text}"`);
  await program("chromium/chromium", print(browser));
  await program("bin/dpkg-query", dpkg);
  await program("bin/chromium-headless-shell", print(shell));
  vi.stubEnv("PATH", join(folder, "bin"));
  vi.stubEnv("CHROMIUM_HEADLESS_SHELL_PATH", undefined);
  const asked: unknown[] = [];
  const answers = [...installs];
  const found = await ensureHeadlessShell(join(folder, "chromium/chromium"), async (...args) => {
    asked.push(args);
    const served = answers.shift();
    await program("bin/chromium-headless-shell", print(served));
    return served === undefined ? "apt-get failed" : undefined;
  });
  return { found: found?.replace(`${folder}/`, ""), asked };
}

afterEach(() => void vi.unstubAllEnvs());

const FIRST = [[PACKAGE], { update: false }];
const FOUND = "bin/chromium-headless-shell";

test.for<[condition: string, machine: Machine, found: string | undefined, asked: unknown[]]>([
  ["its shell is installed", { shell: SHELL }, FOUND, []],
  ["no package contains it", { dpkg: "exit 1" }, undefined, []],
  ["dpkg is not installed", {}, undefined, []],
  ["it does not start", { browser: '"; exit 1; "', dpkg: FROM_DEBIAN }, undefined, []],
  ["it is of Debian", { dpkg: FROM_DEBIAN, installs: [SHELL] }, FOUND, [FIRST]],
  [
    "the package lists are old",
    { dpkg: FROM_DEBIAN, installs: [undefined, SHELL] },
    FOUND,
    [FIRST, [[PACKAGE]]],
  ],
  [
    "Debian does not serve its version any more",
    { dpkg: FROM_DEBIAN, installs: [undefined, undefined] },
    undefined,
    [FIRST, [[PACKAGE]]],
  ],
  [
    "the installed shell has another version",
    { shell: "Chromium 149.0.1.2", dpkg: FROM_DEBIAN, installs: [SHELL] },
    FOUND,
    [FIRST],
  ],
  [
    "the installed shell keeps another version",
    { shell: "Chromium 149.0.1.2", dpkg: "exit 1" },
    undefined,
    [],
  ],
])("uses only a shell of the browser's version when %s", async ([, machine, found, asked]) => {
  expect(await onMachine(machine)).toEqual({ found, asked });
});
