/** Replays the corpus, whole and changed, so that every run fuzzes a little, on every machine. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCorpus, targetFile, targetNames } from "./corpus.ts";
import type { Target } from "./target.ts";
import { acceptedBy, invariant } from "./target.ts";

const MUTANTS = 3_000;
const targets = await targetNames();

async function load(target: string): Promise<Target> {
  return ((await import(targetFile(target))) as { readonly fuzz: Target }).fuzz;
}

/** Two inputs spliced, with some bytes replaced. */
function mutants(inputs: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const input = fc.constantFrom(...inputs);
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
  return fc.tuple(input, input, fc.nat(), edits).map(([one, other, at, replaced]) => {
    const cut = at % (one.length + 1);
    const mutant = Buffer.concat([one.subarray(0, cut), other.subarray(cut % (other.length + 1))]);
    for (const [index, byte] of replaced)
      if (mutant.length > 0) mutant[index % mutant.length] = byte;
    return mutant;
  });
}

describe.each(targets)("%s", (target) => {
  it("holds its invariants for every input of the corpus", async () => {
    const fuzz = await load(target);
    const corpus = await readCorpus(target);
    expect(corpus.length).toBeGreaterThan(10);
    for (const input of corpus)
      expect(() => fuzz(input), JSON.stringify(input.toString("latin1"))).not.toThrow();
  });

  it("holds its invariants for inputs that differ from the corpus in some bytes", async () => {
    const fuzz = await load(target);
    fc.assert(fc.property(mutants(await readCorpus(target)), fuzz), { numRuns: MUTANTS, seed: 1 });
  });
});

it("fails a target that throws anything but a BridgeError, and one whose invariant is broken", () => {
  expect(() =>
    acceptedBy(() => {
      throw new TypeError("Cannot read properties of undefined");
    }),
  ).toThrow(TypeError);
  expect(() => invariant(false, "one spelling")).toThrow("Invariant broken: one spelling");
});
