/** @throws {Error} naming the argument, when its text is not a whole number */
export function readWholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0)
    throw new Error(`${name}: must be a whole number.`);
  return value;
}
