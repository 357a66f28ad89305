// C0 and C1 controls, except newline and tab, and what turns the direction of writing. An escape stays when it
// is one of colour: those are the command's own.
const HIDDEN =
  // oxlint-disable-next-line no-control-regex -- these are the characters meant
  /\u001b(?!\[\d{1,3}m)|[\0-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** A text that may quote others', as a terminal may show it: it moves no cursor and hides nothing. */
export function printable(text: string): string {
  return text.replaceAll(HIDDEN, "�");
}

/** JSON with escapes in place of what {@link printable} takes away: its meaning stays. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    HIDDEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
