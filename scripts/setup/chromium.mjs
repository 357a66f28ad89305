/**
 * A Chromium for the browser tests: `CHROMIUM_PATH`, else one found on the machine, else
 * Playwright's own build, else the distribution's package.
 */
import { join } from "node:path";
import process from "node:process";
import { aptInstall, findOnPath, isExecutable } from "./apt.mjs";
import { run } from "./process.mjs";
import { SetupError, step } from "./progress.mjs";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC_APPS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
/** A build has about 170 MB. Without access to Playwright's servers the download fails sooner. */
const DOWNLOAD_TIMEOUT_MS = 300_000;

/**
 * The path of a Chromium that starts.
 *
 * @param {string} root
 * @param {string} node Node 24, which Playwright needs
 * @returns {Promise<string>}
 */
export async function ensureChromium(root, node) {
  const given = process.env["CHROMIUM_PATH"];
  if (given) {
    if (await starts(given)) return given;
    throw new SetupError(
      `CHROMIUM_PATH: no Chromium starts from ${given}. Correct the path or unset the variable.`,
    );
  }
  const found = await findChromium(root, node);
  if (found) return found;

  await step("Installing Playwright's Chromium", () =>
    run(node, [join(root, "node_modules/playwright/cli.js"), "install", "chromium"], {
      cwd: root,
      env: { ...process.env, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: "15000" },
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
    }),
  );
  const downloaded = await findChromium(root, node);
  if (downloaded) return downloaded;

  const reason = await aptInstall(["chromium"]);
  const packaged = await findChromium(root, node);
  if (packaged) return packaged;
  throw new SetupError(
    `No Chromium was found, Playwright's could not be installed, and neither could the ` +
      `distribution's package (${reason ?? "it does not start"}). ` +
      `Install Chromium, or set CHROMIUM_PATH to one.`,
  );
}

/**
 * @param {string} root
 * @param {string} node
 */
async function findChromium(root, node) {
  for (const program of PROGRAMS) {
    const path = await findOnPath(program);
    if (path && (await starts(path))) return path;
  }
  for (const path of [...MAC_APPS, await playwrightsOwn(root, node)])
    if (await starts(path)) return path;
  return undefined;
}

/**
 * @param {string} root
 * @param {string} node
 */
async function playwrightsOwn(root, node) {
  const script = `import("playwright").then(({ chromium }) => console.log(chromium.executablePath()))`;
  const { output } = await run(node, ["-e", script], { cwd: root });
  return output.trim();
}

/**
 * Ubuntu's `chromium-browser` is a stub that asks for a snap, and a downloaded build may lack
 * system libraries: only what answers counts.
 *
 * @param {string} path
 */
async function starts(path) {
  if (path === "" || !(await isExecutable(path))) return false;
  const { code, output } = await run(path, ["--version"], { timeoutMs: 20_000 });
  return code === 0 && /chrom/iu.test(output);
}
