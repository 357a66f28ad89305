/** Characters of a foreign text that an error repeats. */
export const MAX_QUOTED_LENGTH = 64;

/**
 * Quotes a text from a peer or a configuration for an error message: on one line, and cut after
 * {@link MAX_QUOTED_LENGTH} characters. Not for secrets.
 */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

/** Cuts a text as {@link quoted} does, without quotes, for names in a path. */
export function shortened(text: string): string {
  return text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
}
