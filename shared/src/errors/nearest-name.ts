/** A longer name is compared by its beginning alone, so that a hostile one costs no more. */
const MAX_COMPARED_LENGTH = 40;
const MAX_EDITS = 2;
const MIN_PREFIX_LENGTH = 3;

/**
 * The known name that was probably meant: the same in another case, at most two edits away, or the
 * shorter or longer form of one. `undefined` when none is that close.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const written = name.slice(0, MAX_COMPARED_LENGTH).toLowerCase();
  const closest = (edits: number): string | undefined =>
    known.find((candidate) => isWithin(edits, written, candidate.toLowerCase())) ??
    // A short name is two edits away from any other short name.
    (edits < Math.min(MAX_EDITS, written.length / 2) ? closest(edits + 1) : undefined);
  return closest(0) ?? known.find((candidate) => isPrefix(written, candidate.toLowerCase()));
}

/** Equal first characters are skipped: an edit there never makes the distance smaller. */
function isWithin(edits: number, a: string, b: string): boolean {
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a === "" || b === "") return a.length + b.length <= edits;
  if (a[0] === b[0]) return isWithin(edits, restA, restB);
  return (
    edits > 0 &&
    [
      [restA, restB],
      [restA, b],
      [a, restB],
    ].some(([nextA = "", nextB = ""]) => isWithin(edits - 1, nextA, nextB))
  );
}

function isPrefix(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= MIN_PREFIX_LENGTH && (a.startsWith(b) || b.startsWith(a));
}
