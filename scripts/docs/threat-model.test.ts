import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../suite/root.ts";

const ROW = /^\| TM-(?<id>\d+) .*\(\.\.\/(?<file>[^)]+)\)(?: “(?<title>[^”]+)”)? *\|$/;

const page = await readFile(join(ROOT, "docs/threat-model.md"), "utf8");
const lines = page.split("\n").filter((line) => line.startsWith("| TM-"));

test.for(lines.map((line) => [line.slice(2, 8), line] as const))(
  "the threat model names a test that is there for %s",
  async ([, line]) => {
    const { file = "", title = "" } = ROW.exec(line)?.groups ?? {};
    expect(await readFile(join(ROOT, file), "utf8")).toContain(title);
  },
);

test("no row of the threat model has the number of another", () => {
  const ids = lines.map((line) => ROW.exec(line)?.groups?.["id"]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).not.toContain(undefined);
});
