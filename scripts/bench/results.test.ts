import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { figureOf, type Figure, type Measurement } from "../../bench/figures.ts";
import { ROOT } from "../suite/root.ts";
import { readDocuments } from "../docs/documents.ts";
import { citationsOf, renewCitations } from "./citations.ts";
import { figuresOfPage, latestPage, LATEST, parseFigures, terminalTable } from "./results.ts";

const measurement: Measurement = { id: "verify/first", what: "verify", value: 1, unit: "" };

test.each([
  ["at least, reached", 0.92, { atLeast: 0.92 }, "", "≥ 0.92", true],
  ["at least, reached by rounding", 0.9199, { atLeast: 0.92 }, "", "≥ 0.92", true],
  ["at least, missed", 0.919, { atLeast: 0.92 }, "", "≥ 0.92", false],
  ["at most, reached", 9, { atMost: 9 }, "kB", "≤ 9 kB", true],
  ["at most, missed", 9.01, { atMost: 9 }, "kB", "≤ 9 kB", false],
  ["nothing may be lost, none is", 0, { atMost: 0 }, "", "≤ 0", true],
  ["nothing may be lost, one is", 1, { atMost: 0 }, "", "≤ 0", false],
  ["no goal", 3, undefined, "ms", "", null],
  ["no figure at all", Number.NaN, { atLeast: 0 }, "", "≥ 0", false],
] as const)("a figure states its goal and whether it is met: %s", (...row) => {
  const [, value, goal, unit, text, met] = row;
  expect(figureOf({ ...measurement, value, goal, unit })).toMatchObject({ goal: text, met });
});

const figures: readonly Figure[] = [
  figureOf({ ...measurement, value: 0.98765, goal: { atLeast: 0.97 } }),
  figureOf({ id: "size/guest", what: "guest", value: 12.8, unit: "kB", goal: { atMost: 9 } }),
  figureOf({ id: "gateway/start", what: "start", value: 265, unit: "ms" }),
];
const page = latestPage(figures, { Machine: "two cores" });

test("the terminal's table has one row per figure, with goals met or missed", () => {
  expect(terminalTable(figures)).toBe(
    [
      "what    figure   goal",
      "verify  0.988    ≥ 0.97  met",
      "guest   12.8 kB  ≤ 9 kB  missed",
      "start   265 ms",
      "",
    ].join("\n"),
  );
});

test("the page names the machine, and its figures are read back", () => {
  expect(page).toContain("- Machine: two cores");
  expect([...figuresOfPage(page)]).toEqual([
    ["verify/first", "0.988"],
    ["size/guest", "12.8 kB"],
    ["gateway/start", "265 ms"],
  ]);
});

test.each([
  ["no JSON", "verify 0.9"],
  ["an id of one word", JSON.stringify({ ...figures[0], id: "verify" })],
  ["a figure that is not a number", JSON.stringify({ ...figures[0], value: null })],
  ["two figures of one id", `${JSON.stringify(figures[0])}\n${JSON.stringify(figures[0])}`],
])("figures are rejected that have %s", (_what, lines) => {
  expect(() => parseFigures(lines)).toThrow();
});

test("a citation gets the figure of the page, and one of an unknown figure stays", () => {
  const cite = (text: string, id: string): string =>
    `is [${text}](../bench/results/latest.md "${id}").`;
  expect(renewCitations(cite("0.5", "verify/first"), page)).toBe(cite("0.988", "verify/first"));
  expect(renewCitations(cite("0.5", "verify/last"), page)).toBe(cite("0.5", "verify/last"));
});

const documents = await readDocuments(ROOT);
const known = figuresOfPage(await readFile(LATEST, "utf8"));

test("each figure that a document cites is that of the latest run", () => {
  const wrong = documents
    // The example of how to cite.
    .filter(({ path }) => path !== "CONTRIBUTING.md")
    .flatMap(({ path, text }) =>
      citationsOf(text)
        .filter((citation) => known.get(citation.id) !== citation.text)
        .map(({ id, text: cited }) => `${path}: ${id} is ${known.get(id)}, not ${cited}`),
    );
  expect(wrong).toEqual([]);
});

test("a README states a measured time or rate only as a citation", () => {
  const measured = /\d (?:µs|ms each|calls\/s|requests\/s|(?:calls|requests|tokens) per second)\b/u;
  const found = documents
    .filter(({ path }) => path.endsWith("README.md") && !path.startsWith("docs/adr/"))
    .flatMap(({ path, text }) =>
      text
        .replaceAll(/\[[^\]]*\]\([^()\s]*bench\/results\/latest\.md "[^"]*"\)/gu, "")
        .split("\n")
        .filter((line) => measured.test(line))
        .map((line) => `${path}: ${line}`),
    );
  expect(found).toEqual([]);
});
