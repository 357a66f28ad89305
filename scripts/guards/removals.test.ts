import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readBoundaries } from "../docs/threat-model.ts";
import { ROOT } from "../suite/root.ts";
import { occurrences } from "./removal.ts";
import { REMOVALS } from "./removals/index.ts";
import { readTried } from "./tried.ts";

const rows = new Map(
  (await readBoundaries()).flatMap((boundary) => boundary.rows.map((row) => [row.id, row])),
);

test.for(REMOVALS.map((removal) => [removal.row, removal] as const))(
  "the guard of %s stands once in its file, and its row has the test that the removal names",
  async ([id, removal]) => {
    for (const { file, guard, without } of removal.edits) {
      const text = await readFile(join(ROOT, file), "utf8");
      expect(occurrences(text, guard), `${file}: ${guard}`).toBe(1);
      expect(without).not.toBe(guard);
    }
    expect(removal.edits).not.toEqual([]);
    expect(rows.get(id)?.tests[removal.test ?? 0]).toBeDefined();
    if (removal.run) {
      expect(await readFile(join(ROOT, removal.run.file), "utf8")).toContain(removal.run.title);
    }
  },
);

test("no row has two removals", () => {
  const ids = REMOVALS.map(({ row }) => row);
  expect(ids).toEqual([...new Set(ids)]);
});

test("every result belongs to a removal, and no guard survived its removal", async () => {
  const tried = await readTried();
  const known = REMOVALS.map(({ row }) => row);
  for (const [row, { outcome }] of Object.entries(tried)) {
    expect(known).toContain(row);
    expect(outcome, `${row}: its test passes without its guard`).toBe("killed");
  }
});
