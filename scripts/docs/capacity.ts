/**
 * The tables of `docs/guides/capacity.md`, from the model and the measured units.
 * `node scripts/docs/capacity.ts` writes them; a test compares them.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_OPTIONS, type CapacityOptions } from "../../bench/capacity/options.ts";
import {
  estimateTable,
  limitsTable,
  optionsTable,
  originLine,
  unitsTables,
} from "../../bench/capacity/report.ts";
import { readUnits, type UnitsFile } from "../../bench/capacity/units.ts";
import { ROOT } from "../suite/root.ts";
import { formatted } from "../setup/formatted.ts";

export const CAPACITY_PAGE: string = join(ROOT, "docs/guides/capacity.md");

const USERS = [10_000, 100_000, 1_000_000];

/** Tenants of the same size, and as many for each user. */
function optionsFor(users: number): CapacityOptions {
  const tenants = (DEFAULT_OPTIONS.tenants * users) / DEFAULT_OPTIONS.users;
  return { ...DEFAULT_OPTIONS, users, tenants };
}

export async function renderCapacityPage(
  page: string,
  { origin, units }: UnitsFile,
): Promise<string> {
  const blocks = {
    figures: estimateTable(units, USERS.map(optionsFor)),
    limits: limitsTable(units, DEFAULT_OPTIONS),
    options: optionsTable(),
    units: `${originLine(origin)}\n\n${unitsTables(units)}`,
  };
  const written = Object.entries(blocks).reduce(
    (text, [name, block]) => replaceBlock(text, name, block),
    page,
  );
  return formatted("page.md", written);
}

/** @throws {Error} when the page has no such block */
function replaceBlock(page: string, name: string, block: string): string {
  const begin = `<!-- ${name}: written by scripts/docs/capacity.ts; do not edit -->`;
  const end = `<!-- end of ${name} -->`;
  const [before, rest] = page.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined) {
    throw new Error(`docs/guides/capacity.md: has no block "${name}".`);
  }
  return [before + begin, "", block, "", end + after].join("\n");
}

if (import.meta.main) {
  const page = await readFile(CAPACITY_PAGE, "utf8");
  await writeFile(CAPACITY_PAGE, await renderCapacityPage(page, await readUnits()));
}
