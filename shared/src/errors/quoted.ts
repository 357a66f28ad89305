/** Characters of a foreign text that an error repeats. */
export const MAX_QUOTED_LENGTH = 64;

/** Control characters, and those that are invisible or change the writing direction. */
const HIDDEN = /[\p{C}\u2028\u2029]/gu;

/**
 * Quotes a text from a peer or a configuration for an error message: on one line, and cut after
 * {@link MAX_QUOTED_LENGTH} characters. Hidden characters become `�`: they could change how a log or a
 * terminal shows the rest of the line. Not for secrets.
 */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

/** Cuts a text as {@link quoted} does, without quotes, for names in a path. */
export function shortened(text: string): string {
  const shown = text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
  return shown.replaceAll(HIDDEN, "�");
}
