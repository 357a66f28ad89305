import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Document {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
}

const PATTERNS = ["*.md", "*/README.md", "docs/**/*.md", "examples/**/*.md"];

/** Every page of the documentation. */
export async function readDocuments(
  root: string,
  patterns: readonly string[] = PATTERNS,
): Promise<Document[]> {
  const paths: string[] = [];
  for await (const path of glob(patterns, { cwd: root })) {
    if (!path.includes("node_modules")) paths.push(path.replaceAll("\\", "/"));
  }
  return Promise.all(
    paths.toSorted().map(async (path) => ({
      path,
      text: await readFile(join(root, path), "utf8"),
    })),
  );
}
