/** What of a text from elsewhere an error repeats: one line of at most this many characters. */
export const MAX_QUOTED_LENGTH = 64;

/**
 * A text that somebody else has chosen, a peer or a configuration, as an error may repeat it: between
 * quotes, on one line, and cut after {@link MAX_QUOTED_LENGTH} characters. Not for secrets.
 */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

/** The same without quotes, for names in a path. */
export function shortened(text: string): string {
  return text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
}
