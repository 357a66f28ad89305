/**
 * `Prefer` (RFC 7240) of a page that only asks who is signed in. Browsers report each 401 in their
 * console, although nothing has failed.
 */
export const PREFERENCE = "signed-out=null";

export function prefersNull(headers: Headers): boolean {
  const preferences = headers.get("prefer")?.split(",") ?? [];
  return preferences.some((preference) => preference.trim().toLowerCase() === PREFERENCE);
}
