/** The browser of the benches: the distribution's when there is one, otherwise Playwright's own. */
import { existsSync } from "node:fs";
import process from "node:process";
import { chromium, type Browser } from "playwright";

export function launchBrowser(...args: readonly string[]): Promise<Browser> {
  const found = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium"].find(
    (path) => path !== undefined && existsSync(path),
  );
  return chromium.launch({
    ...(found === undefined ? {} : { executablePath: found }),
    args: ["--no-sandbox", "--disable-gpu", "--site-per-process", ...args],
  });
}
