/** A longer name is compared by its beginning alone, so that a hostile one costs no more. */
const MAX_COMPARED_LENGTH = 40;
const MAX_EDITS = 2;
/** "id" would otherwise be close to any short name. */
const MIN_PREFIX_LENGTH = 3;

/**
 * The known name that was probably meant: the same in another case, the shorter or longer form of
 * one, or at most two edits away. `undefined` when none is that close.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const written = name.slice(0, MAX_COMPARED_LENGTH).toLowerCase();
  const isClose = (candidate: string, edits: number): boolean =>
    edits < Math.min(written.length, candidate.length) &&
    isWithinEdits(written, candidate.toLowerCase(), edits);
  for (let edits = 0; edits <= MAX_EDITS; edits++) {
    const found = known.find((candidate) => isClose(candidate, edits));
    if (found !== undefined) return found;
  }
  return known.find((candidate) => isPrefix(written, candidate.toLowerCase()));
}

/** Equal first characters are skipped: an edit there never makes the distance smaller. */
function isWithinEdits(a: string, b: string, edits: number): boolean {
  if (a === "" || b === "") return a.length + b.length <= edits;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return isWithinEdits(restA, restB, edits);
  if (edits === 0) return false;
  return (
    isWithinEdits(restA, restB, edits - 1) ||
    isWithinEdits(restA, b, edits - 1) ||
    isWithinEdits(a, restB, edits - 1)
  );
}

function isPrefix(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= MIN_PREFIX_LENGTH && (a.startsWith(b) || b.startsWith(a));
}
