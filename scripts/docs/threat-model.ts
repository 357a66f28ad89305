/**
 * The threat model: its rows, read from the pages in `docs/threat-model`, and the lists in its
 * README, written from these rows and from the results of `npm run guards`.
 * `node scripts/docs/threat-model.ts` writes them; a test compares.
 */
import { glob, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CitedTest } from "../guards/removal.ts";
import { REMOVALS } from "../guards/removals/index.ts";
import { outcomeOf, readTried } from "../guards/tried.ts";
import { ROOT } from "../suite/root.ts";

const FOLDER = join(ROOT, "docs/threat-model");
export const THREAT_MODEL_PAGE: string = join(FOLDER, "README.md");

export interface ThreatRow {
  /** `TM-101`. */
  readonly id: string;
  readonly threat: string;
  readonly attackers: readonly string[];
  readonly guard: string;
  readonly tests: readonly CitedTest[];
}

export interface Boundary {
  /** The page's name in the folder. */
  readonly file: string;
  readonly title: string;
  readonly rows: readonly ThreatRow[];
}

/** The pages in the order in which the README lists them. */
const PAGES = [
  "frame-and-connection.md",
  "webview.md",
  "host-ui.md",
  "host-tokens.md",
  "tokens.md",
  "proof-of-possession.md",
  "sessions-and-issuer.md",
  "app-registry.md",
  "devices-and-privacy.md",
  "revocation.md",
  "app-backends.md",
  "gateway.md",
  "upstreams.md",
  "reverse-proxies.md",
  "operator.md",
  "developer-tools.md",
];

/** @throws {Error} when the folder has a page that the README would not list. */
export async function readBoundaries(): Promise<Boundary[]> {
  for await (const file of glob("*.md", { cwd: FOLDER, exclude: ["README.md"] })) {
    if (!PAGES.includes(file)) throw new Error(`docs/threat-model/${file}: add it to PAGES.`);
  }
  return Promise.all(
    PAGES.map(async (file) => parseBoundary(file, await readFile(join(FOLDER, file), "utf8"))),
  );
}

export function parseBoundary(file: string, text: string): Boundary {
  const [head = "", ...blocks] = text.split(/^## (?=TM-)/mu);
  const title = /^# (.+)$/mu.exec(head)?.[1] ?? "";
  return { file, title, rows: blocks.map(parseRow) };
}

type OutcomeOfRow = (id: string) => "killed" | "survived" | undefined;

/** `docs/threat-model/README.md` with its lists replaced by those of the pages and of the results. */
export function renderLists(
  readme: string,
  boundaries: readonly Boundary[],
  outcome: OutcomeOfRow,
): string {
  const selections = {
    rows: (attacker: string) => (row: ThreatRow) => row.attackers.includes(attacker),
    tried: (name: string) => (row: ThreatRow) => (outcome(row.id) ?? "not yet") === name,
  };
  const listOf = (kind: string, name: string): string => {
    if (kind === "boundaries") return boundaries.map(boundaryLine).join("\n");
    if (kind === "links") return boundaries.flatMap(linkLines).join("\n");
    const isSelected = selections[kind === "rows" ? "rows" : "tried"](name);
    const lines = boundaries.flatMap((boundary) => rowLines(boundary, isSelected));
    return lines.length === 0 ? "No rows." : lines.join("\n");
  };
  return readme.replaceAll(
    /^(<!-- (boundaries|links|rows|tried)(?:: (.+?))? -->)\n[^]*?^<!-- end -->$/gmu,
    (_, mark: string, kind: string, name = "") =>
      `${mark}\n\n${listOf(kind, name)}\n\n<!-- end -->`,
  );
}

function boundaryLine({ file, title, rows }: Boundary): string {
  return `- [${title}](${file}): ${rows.length} rows`;
}

function linkLines({ file, rows }: Boundary): string[] {
  return rows.map(({ id }) => `[${id}]: ${file}#${id.toLowerCase()}`);
}

function rowLines({ title, rows }: Boundary, isSelected: (row: ThreatRow) => boolean): string[] {
  const links = rows.filter(isSelected).map(({ id }) => `[${id}]`);
  return links.length === 0 ? [] : [`- ${title}:`, ...wrap(links)];
}

function wrap(links: readonly string[]): string[] {
  const perLine = 10;
  const lines: string[] = [];
  for (let start = 0; start < links.length; start += perLine) {
    const isLast = start + perLine >= links.length;
    lines.push(`  ${links.slice(start, start + perLine).join(", ")}${isLast ? "" : ","}`);
  }
  return lines;
}

function parseRow(block: string): ThreatRow {
  const [id = "", threat = ""] = block.split(/\n\n(?=- Attacker:)/u)[0]?.split("\n\n") ?? [];
  const items = block.split(/^- (?=Attacker:|Guard:|Test:)/mu).slice(1);
  const item = (label: string): string =>
    oneLine(items.find((text) => text.startsWith(`${label}:`))?.slice(label.length + 1) ?? "");
  return {
    id: id.trim(),
    threat: oneLine(threat),
    attackers: [...item("Attacker").matchAll(/\[([^\]]+)\]/gu)].map(([, name = ""]) => name),
    guard: item("Guard"),
    tests: items.filter((text) => text.startsWith("Test:")).map(parseTest),
  };
}

function parseTest(text: string): CitedTest {
  const { file = "", title = "" } =
    /\(\.\.\/\.\.\/(?<file>[^)]+)\)(?:\s+“(?<title>.+)”)?\s*$/u.exec(text)?.groups ?? {};
  return { file, title };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, " ").trim();
}

export async function renderThreatModel(): Promise<string> {
  const [readme, boundaries, tried] = await Promise.all([
    readFile(THREAT_MODEL_PAGE, "utf8"),
    readBoundaries(),
    readTried(),
  ]);
  const removals = new Map(REMOVALS.map((removal) => [removal.row, removal]));
  return renderLists(readme, boundaries, (id) => outcomeOf(tried, removals.get(id)));
}

export async function writeThreatModel(): Promise<void> {
  await writeFile(THREAT_MODEL_PAGE, await renderThreatModel());
}

if (import.meta.main) await writeThreatModel();
