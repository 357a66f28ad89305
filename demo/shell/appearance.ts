/** The colour scheme: the person's choice, which this browser stores, or else the system's scheme. */

export type Scheme = "light" | "dark";

const STORAGE_KEY = "porchlight-scheme";

export function initialScheme(): Scheme {
  const stored = localStorage.getItem(STORAGE_KEY);
  if (stored === "light" || stored === "dark") return stored;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function showScheme(scheme: Scheme): void {
  document.documentElement.dataset["theme"] = scheme;
}

export function rememberScheme(scheme: Scheme): void {
  localStorage.setItem(STORAGE_KEY, scheme);
}
