/** A guard of the threat model, and how to remove it from a copy of the sources. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface CitedTest {
  /** Relative to the root. */
  readonly file: string;
  /** Empty when the whole file is the test. */
  readonly title: string;
}

export interface Edit {
  /** Relative to the root. */
  readonly file: string;
  /** The exact text of the guard. It occurs once in the file. */
  readonly guard: string;
  /** The text without the guard, or with a guard that lets everything pass. It must compile. */
  readonly without: string;
}

export interface Removal {
  /** `TM-101`. The row's page names the test. */
  readonly row: string;
  /** More than one edit removes guards that stand behind each other. */
  readonly edits: readonly Edit[];
  /** The index of the row's test to run. Default: 0, the first one. */
  readonly test?: number;
  /** The test that runs when the row's own stands in a file that no runner starts. */
  readonly run?: CitedTest;
  /** Part of the message of an expected failure that is neither an assertion nor a time-out. */
  readonly failure?: string;
}

export function edit(file: string, guard: string, without: string): Edit {
  return { file, guard, without };
}

/** Changes whenever the removed text changes, and stays when a file is moved. */
export function hashOf({ edits }: Removal): string {
  const texts = JSON.stringify(edits.map(({ guard, without }) => [guard, without]));
  return createHash("sha256").update(texts).digest("hex").slice(0, 16);
}

/** @throws {Error} when an edit's guard does not occur exactly once. */
export async function applyRemoval(root: string, { edits }: Removal): Promise<void> {
  for (const { file, guard, without } of edits) {
    const path = join(root, file);
    const text = await readFile(path, "utf8");
    const count = occurrences(text, guard);
    if (count !== 1) throw new Error(`${file}: the guard's text occurs ${count} times, not once.`);
    await writeFile(
      path,
      text.replace(guard, () => without),
    );
  }
}

export function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}
