/**
 * Sizes of the public entries that browsers load, in bytes after minification and brotli, as a production
 * build has them (without the words of errors), with all
 * their dependencies except those that the application itself brings (its framework).
 * `size-budgets.json` records them. The check fails in both directions: a size above the budget
 * shows an unwanted addition, and a budget far above the size protects nothing.
 *
 * `npm run size` prints the table, `npm run size -- --why @breezeway/guest` what one entry is made
 * of (before minification), and `npm run size -- --write` records the present sizes.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { brotliCompress } from "node:zlib";
import * as z from "zod/mini";
import { report } from "../../bench/figures.ts";
import { readPackageJson } from "../packages/public-packages.ts";
import { ROOT } from "../suite/root.ts";
import { sourceEntries } from "./support/bundle.ts";
import { productionBundle } from "./support/production-bundle.ts";

/** Workspaces that browsers load. */
const FOLDERS = ["shared", "guest", "host", "console"];
/** Entries for tests, servers and build tools, which no page loads, and parts of other entries. */
const NOT_MEASURED = /\/(testing|server|vite|node|words)$/u;
const SLACK = 0.1;
/** Goals of `npm run bench` for the size of an entry, in kB, where they are stricter than the ceiling. */
const GOALS_KB: Readonly<Record<string, number>> = { "@breezeway/guest": 9 };
/** Leaves room for the compressor and a changed message. A larger growth needs a decision. */
const HEADROOM = 1.01;

const budgetsSchema = z.record(
  z.string(),
  z.object({
    /** The largest allowed size in bytes. */
    budget: z.number(),
    /** The promised size in bytes. The budget must not exceed it. */
    ceiling: z.optional(z.number()),
  }),
);

export type Budgets = z.infer<typeof budgetsSchema>;
export type Sizes = Readonly<Record<string, number>>;

export async function checkSizes(root: string): Promise<string[]> {
  return sizeProblems(await measureSizes(root), await readBudgets(root));
}

/** Compares sizes with their budgets. Returns one line per violation. */
export function sizeProblems(sizes: Sizes, budgets: Budgets): string[] {
  const problems = Object.entries(sizes).flatMap(([entry, size]) => {
    const limits = budgets[entry];
    if (!limits) return [`${entry} has no budget (${size} bytes)`];
    const { budget, ceiling = Infinity } = limits;
    if (budget > ceiling) return [`${entry}: the budget ${budget} is above the ceiling ${ceiling}`];
    if (size > budget) return [`${entry} has ${size} bytes; its budget is ${budget}`];
    if (size < budget * (1 - SLACK))
      return [`${entry} has only ${size} bytes; lower its budget from ${budget}`];
    return [];
  });
  const unknown = Object.keys(budgets).filter((entry) => !(entry in sizes));
  return [
    ...problems,
    ...unknown.map(
      (entry) => `${entry} has a budget and does not exist; remove it from size-budgets.json`,
    ),
  ];
}

/** Entry (`@breezeway/guest/react`) → bytes. */
export async function measureSizes(root: string): Promise<Sizes> {
  const sizes: Record<string, number> = {};
  for (const { name, file, external } of await measuredEntries(root)) {
    const { text } = await productionBundle(root, file, external);
    sizes[name] = (await promisify(brotliCompress)(text)).length;
  }
  return sizes;
}

interface Entry {
  /** `@breezeway/guest/react` */
  readonly name: string;
  /** Relative to the root. */
  readonly file: string;
  readonly external: readonly string[];
}

async function measuredEntries(root: string): Promise<Entry[]> {
  const found: Entry[] = [];
  for (const folder of FOLDERS) {
    const manifest = await readPackageJson(join(root, folder));
    const external = Object.keys(manifest.peerDependencies ?? {});
    // Some entries add only types to the file of another entry.
    const measured = new Set<string>();
    for (const [subpath, file] of await sourceEntries(root, folder)) {
      if (!NOT_MEASURED.test(subpath) && !measured.has(file))
        found.push({
          name: subpath.replace(".", manifest.name),
          file: `${folder}/${file.replace("./", "")}`,
          external,
        });
      measured.add(file);
    }
  }
  return found;
}

function budgetsPath(root: string): string {
  return join(root, "scripts/checks/size-budgets.json");
}

async function readBudgets(root: string): Promise<Budgets> {
  return z.parse(budgetsSchema, JSON.parse(await readFile(budgetsPath(root), "utf8")));
}

/** Budgets that fit the sizes tightly, with the ceilings unchanged. */
export function tightened(sizes: Sizes, budgets: Budgets): Budgets {
  return Object.fromEntries(
    Object.entries(sizes).map(([entry, size]) => [
      entry,
      { ...budgets[entry], budget: Math.ceil(size * HEADROOM) },
    ]),
  );
}

async function printTable(): Promise<void> {
  const sizes = await measureSizes(ROOT);
  const budgets = await readBudgets(ROOT);
  for (const [entry, size] of Object.entries(sizes)) {
    const { budget = 0, ceiling } = budgets[entry] ?? {};
    const promise = ceiling === undefined ? "" : `, promised ${ceiling}`;
    const goal = GOALS_KB[entry] ?? (ceiling === undefined ? undefined : ceiling / 1_000);
    report({
      id: `size${entry.replace("@breezeway", "").replace(/(?<=\/.*)\//u, "-")}`,
      what: `\`${entry}\`, minified, brotli`,
      value: size / 1_000,
      unit: "kB",
      goal: goal === undefined ? undefined : { atMost: goal },
    });
    process.stdout.write(
      `${entry.padEnd(32)} ${String(size).padStart(7)} of ${budget}${promise}\n`,
    );
  }
  if (process.argv.includes("--write")) {
    const text = JSON.stringify(tightened(sizes, budgets), undefined, 2);
    await writeFile(budgetsPath(ROOT), `${text}\n`);
  }
}

async function printParts(wanted: string): Promise<void> {
  const entry = (await measuredEntries(ROOT)).find(({ name }) => name === wanted);
  if (!entry) throw new Error(`${wanted} is not a measured entry`);
  const { file, external } = entry;
  const { used } = await productionBundle(ROOT, file, external);
  for (const [path, bytes] of [...used].toSorted(([, a], [, b]) => b - a))
    process.stdout.write(`${String(bytes).padStart(7)} ${path}\n`);
}

if (import.meta.main) {
  const why = process.argv.indexOf("--why");
  await (why === -1 ? printTable() : printParts(process.argv[why + 1] ?? ""));
}
