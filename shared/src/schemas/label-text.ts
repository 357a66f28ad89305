import type { Label } from "./manifest.ts";

/**
 * Returns a label for a locale: the text of the locale, else of its language, else the English one,
 * else the first.
 *
 * @param locale BCP 47
 */
export function labelText(label: Label, locale: string): string {
  if (typeof label === "string") return label;
  const texts = Object.entries(label);
  const of = (wanted: string): string | undefined =>
    texts.find(([tag]) => tag.toLowerCase() === wanted.toLowerCase())?.[1];
  const [language = ""] = locale.split("-");
  return of(locale) ?? of(language) ?? of("en") ?? texts[0]?.[1] ?? "";
}
