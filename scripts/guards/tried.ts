/** The results of the removals so far: `docs/threat-model/tried.json`. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { ROOT } from "../suite/root.ts";
import { hashOf, type Removal } from "./removal.ts";
import { formatted } from "../setup/formatted.ts";

const FILE = join(ROOT, "docs/threat-model/tried.json");

const triedFile = z.record(
  z.string(),
  z.strictObject({
    /** Whether the test failed or passed without the guard. */
    outcome: z.enum(["killed", "survived"]),
    /** Hash of the removed text. A result of another text is stale. */
    removal: z.string(),
  }),
);

export type Tried = z.infer<typeof triedFile>;

export async function readTried(): Promise<Tried> {
  return z.parse(triedFile, JSON.parse(await readFile(FILE, "utf8")));
}

export async function writeTried(tried: Tried): Promise<void> {
  const rows = Object.fromEntries(Object.entries(tried).toSorted(([a], [b]) => a.localeCompare(b)));
  await writeFile(FILE, await formatted("page.json", JSON.stringify(rows)));
}

/** The result for a row, unless it is of another removal. */
export function outcomeOf(
  tried: Tried,
  removal: Removal | undefined,
): "killed" | "survived" | undefined {
  const result = removal && tried[removal.row];
  return result?.removal === (removal && hashOf(removal)) ? result?.outcome : undefined;
}
