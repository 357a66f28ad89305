/**
 * The targets and their corpus: inputs that reach code which no other one reaches, as the fuzzer found
 * them. One JSON file per target holds them as strings of one character per byte, so that people can read
 * what changed.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { ROOT } from "../suite/root.ts";

const TARGETS = join(ROOT, "scripts/fuzz/targets");
const CORPUS = join(ROOT, "scripts/fuzz/corpus");

const inputs = z.array(z.string());

export async function targetNames(): Promise<string[]> {
  const files = await readdir(TARGETS);
  return files.map((file) => file.replace(/\.ts$/u, "")).sort();
}

export function targetFile(target: string): string {
  return join(TARGETS, `${target}.ts`);
}

function corpusFile(target: string): string {
  return join(CORPUS, `${target}.json`);
}

export async function readCorpus(target: string): Promise<Buffer[]> {
  const text = await readFile(corpusFile(target), "utf8");
  return z.parse(inputs, JSON.parse(text)).map((input) => Buffer.from(input, "latin1"));
}

/** Adds inputs, shortest first. */
export async function addToCorpus(target: string, more: readonly Buffer[]): Promise<void> {
  const all = [...(await readCorpus(target)), ...more].map((input) => input.toString("latin1"));
  const sorted = [...new Set(all)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  await writeFile(corpusFile(target), `${JSON.stringify(sorted, null, 2)}\n`);
}
