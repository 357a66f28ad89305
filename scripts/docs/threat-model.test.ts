import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../suite/root.ts";
import { anchors } from "./markdown.ts";
import {
  parseBoundary,
  readBoundaries,
  renderLists,
  renderThreatModel,
  THREAT_MODEL_PAGE,
} from "./threat-model.ts";

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

const PAGE = `# The door

The page's introduction.

## TM-901

A thief picks
the lock.

- Attacker: [thief](README.md#thief), [local user](README.md#local-user)
- Guard: The lock has
  seven pins.
- Test: [lock.test.ts](../../door/lock.test.ts)
  “resists “picks” of %s”
- Test: [whole.test.ts](../../door/whole.test.ts)
`;

test("a page is read row by row, with wrapped lines joined", () => {
  expect(parseBoundary("door.md", PAGE)).toEqual({
    file: "door.md",
    title: "The door",
    rows: [
      {
        id: "TM-901",
        threat: "A thief picks the lock.",
        attackers: ["thief", "local user"],
        guard: "The lock has seven pins.",
        tests: [
          { file: "door/lock.test.ts", title: "resists “picks” of %s" },
          { file: "door/whole.test.ts", title: "" },
        ],
      },
    ],
  });
});

test("a list names the rows of an attacker, and of an outcome", () => {
  const lists = (outcome: "killed" | undefined): string =>
    renderLists(
      "<!-- rows: thief -->\n<!-- end -->\n<!-- tried: killed -->\n<!-- end -->",
      [parseBoundary("door.md", PAGE)],
      () => outcome,
    );
  const found = "- The door:\n  [TM-901]";
  const thief = `<!-- rows: thief -->\n\n${found}\n\n<!-- end -->`;
  expect(lists("killed")).toBe(`${thief}\n<!-- tried: killed -->\n\n${found}\n\n<!-- end -->`);
  expect(lists(undefined)).toBe(`${thief}\n<!-- tried: killed -->\n\nNo rows.\n\n<!-- end -->`);
});
