/**
 * Checks that each link between the pages of the documentation names an existing file and anchor.
 */
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { readDocuments, type Document } from "./documents.ts";
import { anchors, links } from "./markdown.ts";

export async function brokenLinks(root: string): Promise<string[]> {
  const documents = await readDocuments(root);
  const byPath = new Map(documents.map((document) => [document.path, document]));
  return documents.flatMap((document) =>
    links(document.text).flatMap(({ target, line }) => {
      const problem = problemOf(target, document, { root, byPath });
      return problem === undefined ? [] : [`${document.path}:${line}: ${target} ${problem}`];
    }),
  );
}

function problemOf(
  target: string,
  from: Document,
  { root, byPath }: { root: string; byPath: ReadonlyMap<string, Document> },
): string | undefined {
  // Links to other sites are not followed: a test must not depend on them.
  if (/^[a-z][a-z0-9+.-]*:/iu.test(target)) return undefined;
  const [file = "", fragment] = target.split("#");
  const path =
    file === "" ? from.path : posix.join(posix.dirname(from.path), decodeURIComponent(file));
  if (path.startsWith("..")) return "leads out of the repository";
  if (!existsSync(join(root, path))) return "does not exist";
  const page = byPath.get(path);
  if (fragment === undefined || !page) return undefined;
  return anchors(page.text).has(fragment) ? undefined : "names no heading";
}
