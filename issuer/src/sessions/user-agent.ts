/**
 * Names the browser and the system of a `User-Agent` header, from a closed list.
 *
 * The header is any text that a stranger likes. Nothing of it is in the result, so that the result can be
 * stored and shown.
 */

type Names = readonly (readonly [pattern: RegExp, name: string])[];

/** The first match counts: most browsers also claim to be Chrome and Safari. */
const BROWSERS: Names = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\b(OPR|OPiOS|OPT|Opera)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bYaBrowser\//, "Yandex Browser"],
  [/\b(DuckDuckGo|Ddg)\//, "DuckDuckGo"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\bElectron\//, "Desktop app"],
  [/; wv\)/, "App"],
  [/\b(Chrome|CriOS|HeadlessChrome|Chromium)\//, "Chrome"],
  [/\bVersion\/.*\bSafari\//, "Safari"],
  [/\bAppleWebKit\/|\bokhttp\/|\bDalvik\/|\bCFNetwork\/|\bDart\//, "App"],
  [/^node$|\bundici\b|\bnode-fetch\b/, "Node.js"],
  [/^curl\//, "curl"],
  [/^python-/, "Python"],
  [/^Go-http-client\//, "Go"],
];

const SYSTEMS: Names = [
  [/\b(iPhone|iPod)\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bAndroid\b|\bokhttp\//, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMacintosh\b|\bMac OS X\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

/** Longer than the header of any browser. */
const MAX_READ = 512;

/** `Firefox on Windows`, `Safari`, `Android`; at most 64 characters. `undefined` when nothing is known. */
export function describeUserAgent(header: string): string | undefined {
  const text = header.slice(0, MAX_READ);
  const [browser, system] = [nameIn(BROWSERS, text), nameIn(SYSTEMS, text)];
  return browser !== undefined && system !== undefined
    ? `${browser} on ${system}`
    : (browser ?? system);
}

function nameIn(names: Names, text: string): string | undefined {
  return names.find(([pattern]) => pattern.test(text))?.[1];
}
