/** The colour scheme: the person's choice, which this browser stores, or else the system's scheme. */

export type Scheme = "light" | "dark";

const STORAGE_KEY = "porchlight-scheme";

const systemIsDark = (): MediaQueryList => matchMedia("(prefers-color-scheme: dark)");

function chosenScheme(): Scheme | undefined {
  const stored = localStorage.getItem(STORAGE_KEY);
  return stored === "light" || stored === "dark" ? stored : undefined;
}

export function initialScheme(): Scheme {
  return chosenScheme() ?? (systemIsDark().matches ? "dark" : "light");
}

/** Reports each change of the system's scheme while the person has not chosen one. */
export function followSystem(listener: (scheme: Scheme) => void, signal: AbortSignal): void {
  systemIsDark().addEventListener(
    "change",
    ({ matches }) => {
      if (chosenScheme() === undefined) listener(matches ? "dark" : "light");
    },
    { signal },
  );
}

export function showScheme(scheme: Scheme): void {
  document.documentElement.dataset["theme"] = scheme;
}

export function rememberScheme(scheme: Scheme): void {
  localStorage.setItem(STORAGE_KEY, scheme);
}
