import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../suite/root.ts";
import { anchors } from "./markdown.ts";
import { readBoundaries, renderThreatModel, THREAT_MODEL_PAGE } from "./threat-model.ts";

const boundaries = await readBoundaries();
const rows = boundaries.flatMap((boundary) => boundary.rows);
const readme = await readFile(THREAT_MODEL_PAGE, "utf8");

test.for(rows.map((row) => [row.id, row] as const))(
  "the threat model cites an existing test for %s",
  async ([, { tests }]) => {
    expect(tests).not.toEqual([]);
    for (const { file, title } of tests) {
      expect(await readFile(join(ROOT, file), "utf8")).toContain(title);
    }
  },
);

test("every row has a number of its own, a threat, a guard and known attackers", () => {
  const known = anchors(readme);
  for (const { id, threat, guard, attackers } of rows) {
    expect(id).toMatch(/^TM-\d{3}$/u);
    expect(threat, id).toMatch(/\.$/u);
    expect(guard, id).toMatch(/\.$/u);
    expect(attackers, id).not.toEqual([]);
    for (const name of attackers) expect(known, id).toContain(name.replaceAll(" ", "-"));
  }
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
});

test("the lists in the README are those of the pages (node scripts/docs/threat-model.ts)", async () => {
  expect(await renderThreatModel()).toBe(readme);
});

test("every row that a browser test cites exists", async () => {
  const known = new Set(rows.map(({ id }) => id));
  for await (const path of glob("e2e/{attacks,specs}/**/*.ts", { cwd: ROOT })) {
    const text = await readFile(join(ROOT, path), "utf8");
    for (const [, id = ""] of text.matchAll(/\[(TM-\d+)\]/gu)) expect(known, path).toContain(id);
  }
});
