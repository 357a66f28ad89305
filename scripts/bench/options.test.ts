import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../suite/root.ts";
import { BENCHES } from "./benches.ts";
import { planOf } from "./options.ts";

const names = (args: readonly string[]): string[] => planOf(args).benches.map(({ name }) => name);

test("without options all benches run, and the result may be cited", () => {
  expect(names([])).toEqual(BENCHES.map(({ name }) => name));
  expect(planOf([]).isComplete).toBe(true);
});

test.each([
  ["quick", ["--quick"]],
  ["some benches only", ["--only", "verify,issuer"]],
])("a run that is %s may not be cited", (_what, args) => {
  expect(planOf(args).isComplete).toBe(false);
});

test("quick leaves out what takes long, and takes about two minutes", () => {
  expect(names(["--quick"])).not.toContain("hostile");
  const seconds = planOf(["--quick"]).benches.map(({ quick }) => quick?.seconds ?? 0);
  expect(seconds.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(170);
});

test("only those run that --only names", () => {
  expect(names(["--only", "issuer,verify"])).toEqual(["verify", "issuer"]);
});

test.each([
  ["an unknown bench", ["--only", "verify,nothing"], "--only: nothing: must be one of sizes, "],
  ["a bench that quick leaves out", ["--quick", "--only", "hostile"], "--only: hostile: must be"],
  ["an unknown option", ["--fast"], "--fast"],
])("%s is rejected by name", (_what, args, message) => {
  expect(() => planOf(args)).toThrow(message);
});

test("each bench is a script of the workspace, with the same file", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "bench/package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const { name, file } of BENCHES) {
    expect(existsSync(join(ROOT, file))).toBe(true);
    if (name === "sizes") continue;
    expect(scripts[name]).toBe(`node --conditions=@breezeway/source ${file.replace("bench/", "")}`);
  }
});
