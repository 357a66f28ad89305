/** Formats values for display. */

const LOCALE = "en-US";

export function money(minor: number, currency: string): string {
  return new Intl.NumberFormat(LOCALE, { style: "currency", currency }).format(minor / 100);
}

/** Formats an amount without cents. */
export function roundMoney(minor: number, currency: string): string {
  const format = { style: "currency", currency, maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(LOCALE, format).format(minor / 100);
}

export function day(iso: string): string {
  return new Intl.DateTimeFormat(LOCALE, {
    day: "numeric",
    month: "short",
    year: "numeric",
  }).format(new Date(iso));
}

export function dayAndTime(iso: string): string {
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(iso),
  );
}

export function clockTime(ms: number): string {
  return new Intl.DateTimeFormat(LOCALE, { timeStyle: "medium" }).format(ms);
}

/** Formats `2026-06` as `Jun`. */
export function monthName(month: string): string {
  return new Intl.DateTimeFormat(LOCALE, { month: "short", timeZone: "UTC" }).format(
    new Date(`${month}-01T00:00:00Z`),
  );
}

export function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const first = words[0]?.[0] ?? "?";
  const last = words.length > 1 ? (words.at(-1)?.[0] ?? "") : "";
  return (first + last).toUpperCase();
}

/** Picks one of five avatar colours. The same name always gets the same one. */
export function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % 5;
}

export function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
