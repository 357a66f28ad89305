/**
 * Figures of benches in documents. A document cites a figure as a link to `bench/results/latest.md` whose
 * title is the figure's id and whose text is the figure:
 *
 *   [0.92](../../bench/results/latest.md "gateway/repeat")
 *
 * `npm run bench` renews these texts, and a test compares them with the page.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readDocuments } from "../docs/documents.ts";
import { ROOT } from "../suite/root.ts";
import { figuresOfPage } from "./results.ts";

const CITATION = /\[([^\]]*)\]\(([^()\s]*bench\/results\/latest\.md) "([^"]*)"\)/gu;

export interface Citation {
  readonly id: string;
  readonly text: string;
}

export function citationsOf(document: string): Citation[] {
  return [...document.matchAll(CITATION)].map(([, text = "", , id = ""]) => ({ id, text }));
}

/** The document with the figures of the page. Leaves a citation of an unknown figure as it is. */
export function renewCitations(document: string, page: string): string {
  const figures = figuresOfPage(page);
  return document.replace(CITATION, (citation, _text: string, path: string, id: string) => {
    const figure = figures.get(id);
    return figure === undefined ? citation : `[${figure}](${path} "${id}")`;
  });
}

export async function renewDocuments(page: string): Promise<void> {
  for (const { path, text } of await readDocuments(ROOT)) {
    const renewed = renewCitations(text, page);
    if (renewed !== text) await writeFile(join(ROOT, path), renewed);
  }
}
