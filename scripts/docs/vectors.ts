/**
 * The vectors that are generated. `node scripts/docs/vectors.ts` writes them; a test compares them. The
 * others in `docs/vectors` are written by hand.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../suite/root.ts";
import { lifecycleVectors } from "./vectors/lifecycle.ts";
import { problemVectors } from "./vectors/problems.ts";
import { proofVectors } from "./vectors/proofs.ts";
import { signaturesIn, type KnownSignatures } from "./vectors/signers.ts";
import { tokenVectors } from "./vectors/tokens.ts";
import { formatted } from "../setup/formatted.ts";

const GENERATORS: Readonly<Record<string, (known: KnownSignatures) => object>> = {
  tokens: tokenVectors,
  proofs: proofVectors,
  lifecycle: lifecycleVectors,
  problems: problemVectors,
};

export const GENERATED_VECTORS: readonly string[] = Object.keys(GENERATORS);

export function vectorPath(name: string): string {
  return join(ROOT, `docs/vectors/${name}.json`);
}

/** The text of a file of vectors, with the signatures of the present file where those are random. */
export async function renderVectors(name: string): Promise<string> {
  const before = await readFile(vectorPath(name), "utf8").catch(() => "");
  const vectors = GENERATORS[name]?.(signaturesIn(before));
  return formatted("page.json", JSON.stringify(vectors));
}

if (import.meta.main) {
  for (const name of GENERATED_VECTORS)
    await writeFile(vectorPath(name), await renderVectors(name));
}
