/** The guides show code that runs: each block stands, letter for letter, in the file that it names. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const BLOCK = /(?:<!-- from (?<file>\S+) -->\s+)?```(?<language>go|python)\n(?<code>.*?)```/gsu;

test.each(["verify-go.md", "verify-python.md", "sessions.md"])(
  "%s shows code of the examples",
  async (name) => {
    const guide = await readFile(join(ROOT, "docs/guides", name), "utf8");
    const blocks = [...guide.matchAll(BLOCK)].map(({ groups = {} }) => groups);

    expect(blocks.length).toBeGreaterThan(1);
    for (const { file = "a file that the guide does not name", code = "" } of blocks) {
      expect(await readFile(join(ROOT, file), "utf8"), file).toContain(code);
    }
  },
);
