// C0 and C1 controls except newline and tab, and the characters that change the writing direction. Escape
// sequences of colours stay, because the command writes them itself.
const HIDDEN =
  // oxlint-disable-next-line no-control-regex -- these are the characters meant
  /\u001b(?!\[\d{1,3}m)|[\0-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** Makes text from outside safe to print: it cannot move the cursor or hide other text. */
export function printable(text: string): string {
  return text.replaceAll(HIDDEN, "�");
}

/** JSON in which the characters that {@link printable} replaces are escaped. Its value is unchanged. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    HIDDEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
