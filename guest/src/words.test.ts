/** The texts of errors in both builds: with words, and as a browser's production build has them. */
import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { provokeFailures, type Failure } from "../test-support/failures.ts";

const SCRIPT = new URL("../test-support/failures.ts", import.meta.url).pathname;

/** The failures under more export conditions, in a process of their own. */
async function failuresUnder(conditions: readonly string[]): Promise<Failure[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flagsOf(conditions), SCRIPT]);
  return JSON.parse(stdout) as Failure[];
}

function flagsOf(conditions: readonly string[]): string[] {
  return ["@breezeway/source", ...conditions].map((name) => `--conditions=${name}`);
}

const LINK = "See https://breezeway.dev/errors#";

/** Texts in production without their links, by failure. */
const IN_PRODUCTION: Readonly<Record<string, string>> = {
  "an unknown option": "CONFIG_INVALID: hostOrigin.",
  "a page outside a frame": "HANDSHAKE_NOT_EMBEDDED.",
  "a bad name in a contract": 'CONFIG_INVALID: "1".',
  "a malformed token": "TOKEN_MALFORMED.",
  "a method outside the contract": 'CALL_METHOD_UNKNOWN: "nothing".',
  "a malformed name": 'CALL_METHOD_UNKNOWN: "no name".',
  "wrong arguments": "CALL_ARGUMENTS_INVALID: open, [0].id.",
  "a wrong result": "CALL_RESULT_INVALID: open.",
  "a timeout": "CALL_TIMEOUT: slow, 10 ms.",
  "an abort": "CALL_ABORTED: slow.",
  "an error of a method": "CALL_FAILED.",
  "a value that cannot be cloned": "VALUE_NOT_CLONEABLE.",
  "a foreign URL": "FETCH_ORIGIN_NOT_ALLOWED: https://elsewhere.example.",
  "a closed bridge": "CHANNEL_CLOSED.",
};

/** The host's own words, which a guest passes on in both builds. */
const FROM_THE_HOST: Readonly<Record<string, string>> = {
  "a refusal in the host's words": "Orders are closed on Sundays.",
  "a method of another host": 'The test host has no method "nothing".',
  "a missing capability": 'The test host has no method "remove".',
};

function textsOf(failures: readonly Failure[]): Record<string, string> {
  return Object.fromEntries(failures.map(({ what, message }) => [what, message]));
}

test("a production build has the code, one fact and a link, and everything else is the same", async () => {
  const [lean, full] = await Promise.all([
    failuresUnder(["browser", "production"]),
    provokeFailures(),
  ]);
  const links = lean.map(({ what, code }): [string, string] => [
    what,
    `${IN_PRODUCTION[what]} ${LINK}${code.toLowerCase().replaceAll("_", "-")}`,
  ]);
  expect(textsOf(lean)).toEqual({ ...Object.fromEntries(links), ...FROM_THE_HOST });
  const withoutText = ({ message: _, ...rest }: Failure) => rest;
  expect(lean.map(withoutText)).toEqual(full.map(withoutText));
  // Everything that production says is in the words, too.
  for (const [what, text] of Object.entries(textsOf(full))) {
    expect(text, what).not.toContain(LINK);
    for (const fact of (IN_PRODUCTION[what]?.slice(0, -1).split(": ")[1] ?? "").split(", "))
      expect(text, what).toContain(fact);
  }
});

test.each([
  ["Node", []],
  ["Node under the condition production", ["production"]],
  ["a browser's development build", ["browser", "development"]],
  ["a test runner that stands for a browser", ["browser"]],
])("%s has the words", async (_what, conditions) => {
  const script = 'process.stdout.write(String((await import("@breezeway/shared/words")).WORDS))';
  const args = [...flagsOf(conditions), "--input-type=module", "--eval", script];
  const cwd = new URL(".", import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  expect(stdout).toBe("true");
});
