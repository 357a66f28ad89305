import { expect, test } from "vitest";
import { MAIN_ENTRY, writeWorkspaces } from "../test-support/tree.ts";
import { measureSizes, sizeProblems, tightened } from "./sizes.ts";

const entry = "@breezeway/guest";

test("accepts a size at its budget", () => {
  expect(sizeProblems({ [entry]: 1_000 }, { [entry]: { budget: 1_000 } })).toEqual([]);
});

test("refuses a size above its budget", () => {
  expect(sizeProblems({ [entry]: 1_001 }, { [entry]: { budget: 1_000 } })).toEqual([
    "@breezeway/guest has 1001 bytes; its budget is 1000",
  ]);
});

test("refuses a budget that has become too wide", () => {
  expect(sizeProblems({ [entry]: 899 }, { [entry]: { budget: 1_000 } })).toEqual([
    "@breezeway/guest has only 899 bytes; lower its budget from 1000",
  ]);
});

test("refuses a budget above the promised ceiling", () => {
  expect(sizeProblems({ [entry]: 1_000 }, { [entry]: { budget: 1_000, ceiling: 999 } })).toEqual([
    "@breezeway/guest: the budget 1000 is above the ceiling 999",
  ]);
});

test("refuses an entry without a budget and a budget without an entry", () => {
  expect(sizeProblems({ [entry]: 10 }, { other: { budget: 10 } })).toEqual([
    "@breezeway/guest has no budget (10 bytes)",
    "other has a budget and does not exist; remove it from size-budgets.json",
  ]);
});

test("keeps the ceiling when it tightens a budget", () => {
  expect(tightened({ [entry]: 100 }, { [entry]: { budget: 900, ceiling: 950 } })).toEqual({
    [entry]: { budget: 101, ceiling: 950 },
  });
});

test("measures each entry that browsers load, including its dependencies", async () => {
  const text = Array.from({ length: 200 }, (_, index) => `export const x${index} = "${index}";`);
  const workspace = { manifest: MAIN_ENTRY, files: { "src/index.ts": text.join("\n") } };
  const guest = {
    manifest: { ...MAIN_ENTRY },
    files: { "src/index.ts": `export * from "@breezeway/shared";` },
  };
  const host = { manifest: {}, files: {} };
  const root = await writeWorkspaces({ shared: workspace, guest, host, console: host });
  const sizes = await measureSizes(root);
  expect(Object.keys(sizes)).toEqual(["@breezeway/shared", "@breezeway/guest"]);
  expect(sizes["@breezeway/guest"]).toBeGreaterThan(500);
});
