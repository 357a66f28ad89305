import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

function capacity(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ["--conditions=@breezeway/source", MAIN, ...args]);
}

test("prints what a number of users needs, and what breaks first", async () => {
  const { stdout } = await capacity("--users", "1000000", "--apps", "5");
  expect(stdout).toMatch(/^\|\s+\| 1 000 000 users \|$/mu);
  expect(stdout).toMatch(/^\| active users +\| +200 000 \|$/mu);
  expect(stdout).toMatch(/^\| issuer processes, one core each +\| +\d+ \|$/mu);
  expect(stdout).toMatch(/^\| connections of Postgres +\| +[\d ]+ \| .*`maxConnections`/mu);
});

test.each([
  [["--app", "5"], "capacity: --app: must be one of --users, "],
  [
    ["--simulate", "--users", "5"],
    "capacity: --users: cannot be combined with --simulate, which has options of its own.\n",
  ],
])("ends with 1 and one line that names the flag for %j", async (args, message) => {
  const failed = capacity(...args);
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining(message) as string,
  });
});
