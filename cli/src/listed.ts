/**
 * A list in one argument, with commas or spaces; repeated, it grows. Not commander's `<names...>`:
 * that takes the command's own argument, too, when it comes last.
 */
export function listed(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(/[ ,]+/).filter(Boolean)];
}
