/** Times of a session in the words of a language. */

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** `12 Nov 2026` or so. */
export function dateOf(epochSeconds: number, locale: string): string {
  return new Intl.DateTimeFormat(languageOf(locale), { dateStyle: "medium" }).format(
    1_000 * epochSeconds,
  );
}

/** Hours or days ago; `undefined` within the last hour, which is as exact as the issuer is. */
export function agoOf(
  epochSeconds: number,
  { nowSeconds, locale }: { readonly nowSeconds: number; readonly locale: string },
): string | undefined {
  const age = nowSeconds - epochSeconds;
  if (age < HOUR) return undefined;
  const format = new Intl.RelativeTimeFormat(languageOf(locale), { numeric: "auto" });
  return age < DAY
    ? format.format(-Math.floor(age / HOUR), "hour")
    : format.format(-Math.floor(age / DAY), "day");
}

/** The browser's own language for a tag that is malformed, which would throw. */
function languageOf(locale: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(locale)[0];
  } catch {
    return undefined;
  }
}
