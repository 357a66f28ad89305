/** The first steps of docs/coming-from.md, followed word by word with the text of the page itself. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { listen } from "@breezeway/test-support/listen";
import { build } from "esbuild";
import { expect, test } from "../support/demo.ts";
import { startDevCommand } from "../support/dev-command.ts";
import { freeBasePort } from "../support/free-ports.ts";

const GUIDE = fileURLToPath(new URL("../../docs/coming-from.md", import.meta.url));

/** The code of the first block in a language of a section, in the indentation of its step. */
function blockOf(section: string, language: string): string {
  const code = section.split(`   \`\`\`${language}\n`)[1]?.split("   ```\n", 1)[0];
  if (code === undefined) throw new Error(`The section has no block in ${language}.`);
  return code;
}

test("an app of another bridge is connected after the first three steps", async ({ page }) => {
  const guide = await readFile(GUIDE, "utf8");
  const section = guide.split("\n## From a platform app bridge\n")[1]?.split("\n## ", 1)[0] ?? "";
  const port = await freeBasePort();

  // 1. The host list, for this host's port.
  const tag = blockOf(section, "html").replace("localhost:4600", `localhost:${port}`);
  // 2. The package.
  const { outputFiles } = await build({
    stdin: { contents: blockOf(section, "ts"), loader: "ts", resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["@breezeway/source"],
  });
  await using app = await listen(
    createServer((request, response) => {
      const isScript = request.url === "/app.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(
        isScript
          ? outputFiles[0]?.text
          : `<!doctype html><html lang="en"><head><meta charset="utf-8" /><title>App</title>${tag}</head>
             <body><h1>App</h1><script type="module" src="/app.js"></script></body></html>`,
      );
    }),
  );
  // 3. The host.
  const words = blockOf(section, "sh").trim().split(" ");
  expect(words.slice(0, 3)).toEqual(["npx", "breezeway", "dev"]);
  const command = await startDevCommand(
    ...words.slice(3).map((word) => word.replace("http://127.0.0.1:5173", app.url)),
    ...["--port", String(port)],
  );
  try {
    const said = page.waitForEvent("console", { predicate: (message) => message.type() === "log" });
    await page.goto(command.url);
    await expect(page.getByRole("status").filter({ hasText: "Connected" })).toBeVisible();
    await expect(page.getByRole("row").filter({ hasText: "setupCompleted" })).toContainText("done");
    // The length of the token, and a function that unsubscribes.
    expect((await said).text()).toMatch(/^\d{3,} /u);
  } finally {
    expect(await command.interrupt()).toBe(0);
  }
});
