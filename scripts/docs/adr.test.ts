import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../suite/root.ts";

const FOLDER = join(ROOT, "docs/adr");
const TITLE = /^# (\d+)\. (.+)$/mu;
const ROW = /^\| \[(\d+)\]\(([^)]+)\) +\| (.+?) +\| .+? +\| (.+?) +\|$/gmu;

const files = (await readdir(FOLDER)).filter((name) => /^\d/u.test(name));
const records = await Promise.all(
  files.map(async (file) => {
    const text = await readFile(join(FOLDER, file), "utf8");
    const [, number, title] = TITLE.exec(text) ?? [];
    const headings = [...text.matchAll(/^## (.+)$/gmu)].map(([, heading]) => heading);
    return { file, number, title, headings };
  }),
);

test("each decision has a number of its own, the one in its file's name", () => {
  const numbers = records.map(({ number }) => number);
  expect(numbers).toEqual(files.map((file) => String(Number(file.slice(0, 4)))));
  expect(new Set(numbers).size).toBe(records.length);
});

test("each decision has the four headings in order", () => {
  const form = ["Context", "Decision", "Consequences", "Revisit when"];
  expect(records.filter(({ headings }) => String(headings) !== String(form))).toEqual([]);
});

test("the index lists each decision in order, with its title", async () => {
  const index = await readFile(join(FOLDER, "README.md"), "utf8");
  const rows = [...index.matchAll(ROW)].map(([, number, file, title]) => ({ file, number, title }));
  expect(rows).toEqual(records.map(({ file, number, title }) => ({ file, number, title })));
});
