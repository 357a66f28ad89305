/**
 * Serves one of the example guests: `npm start -w examples -- guest-react`.
 *
 * PORT: default 5173, 0 takes a free one. BREEZEWAY_HOST_ORIGINS: the origins that may embed it,
 * default
 * http://localhost:4000.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { build, type BuildOptions } from "esbuild";

const folder = join(import.meta.dirname, process.argv[2] ?? "");
const entry = ["main.tsx", "main.ts"].map((name) => join(folder, name)).find(existsSync);
if (process.argv[2] === undefined || !existsSync(join(folder, "index.html"))) {
  process.stderr.write(
    "serve-guest.ts: name an example: guest-react, guest-lit, guest-script-tag or standalone\n",
  );
  process.exit(2);
}

const hostOrigins = process.env["BREEZEWAY_HOST_ORIGINS"] ?? "http://localhost:4000";
const html = await readFile(join(folder, "index.html"), "utf8");
const scripts = new Map([
  ["/breezeway.js", await bundle({ stdin: sdk() })],
  ...(entry ? [["/main.js", await bundle({ entryPoints: [entry] })] as const] : []),
]);

const server = createServer((request, response) => {
  const script = scripts.get(request.url ?? "");
  response.setHeader("content-type", script === undefined ? "text/html" : "text/javascript");
  response.end(script ?? html.replaceAll("%HOST_ORIGINS%", hostOrigins));
});
server.listen(Number(process.env["PORT"] ?? 5173), "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`http://127.0.0.1:${port}/ for the host ${hostOrigins}\n`);
});

/**
 * The build of `node_modules/@breezeway/guest/dist/breezeway.js` is for those who install the
 * package.
 */
function sdk(): NonNullable<BuildOptions["stdin"]> {
  return { contents: 'import "@breezeway/guest/script-tag";', resolveDir: import.meta.dirname };
}

async function bundle(input: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...input,
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    conditions: ["@breezeway/source"],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return outputFiles?.[0]?.text ?? "";
}
