/** Serves two sites and an issuer that accepts every request, on ports of their own. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PAGES = ["host-page", "guest-page", "hostile-page"];

export interface BenchSites {
  readonly hostOrigin: string;
  readonly guestOrigin: string;
  close(): void;
}

export async function serveSites(): Promise<BenchSites> {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const { outputFiles } = await build({
    entryPoints: PAGES.map((name) => `${folder}${name}.ts`),
    outdir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2024",
    conditions: ["@breezeway/source"],
    write: false,
  });
  const script = (name: string): string =>
    outputFiles.find(({ path }) => path.endsWith(`${name}.js`))?.text ?? "";
  const page = (name: string, head = ""): string =>
    `<!doctype html><meta charset="utf-8">${head}<body></body><script type="module">${script(name)}</script>`;

  let mints = 0;
  let hostOrigin = "";
  const host = await listen("localhost", (url) => {
    if (!url.startsWith("/auth")) return ["text/html", page("host-page")];
    if (url.endsWith("/events")) return ["text/event-stream", ":\n\n"];
    const isMint = url.endsWith("/token");
    const lateMs = isMint && url.startsWith("/auth-50/") ? LATE_MS : 0;
    return ["application/json", JSON.stringify(isMint ? mint() : SESSION), lateMs];
  });
  hostOrigin = host.origin;
  const guest = await listen("127.0.0.1", (url) => [
    "text/html",
    page(
      url.startsWith("/hostile") ? "hostile-page" : "guest-page",
      `<meta name="host" content="${hostOrigin}">`,
    ),
  ]);

  function mint(): object {
    mints += 1;
    const iat = Math.floor(Date.now() / 1000);
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString("base64url");
    const { handle, tenantId } = SESSION;
    const claims = { sid: handle, tenantId, iat, exp: iat + 300, jti: mints };
    const token = `${part({ alg: "EdDSA" })}.${part(claims)}.c2ln`;
    return { token, expiresAt: iat + 300 };
  }

  return {
    hostOrigin,
    guestOrigin: guest.origin,
    close() {
      host.close();
      guest.close();
    },
  };
}

const SESSION = {
  handle: "s",
  userId: "u",
  tenantId: "t",
  tenants: ["t"],
  scopes: [],
  claims: {},
  createdAtSeconds: 0,
  expiresAtSeconds: 9_999_999_999,
};

// In a cross-origin isolated page `performance.now()` moves in steps of 5 µs, elsewhere of 100.
const ISOLATION = [
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-embedder-policy", "require-corp"],
  ["cross-origin-resource-policy", "cross-origin"],
] as const;

/** What a mint takes on the way to a distant issuer, in milliseconds. */
const LATE_MS = 50;

type Answer = readonly [type: string, body: string, lateMs?: number];

async function listen(
  hostname: string,
  answer: (url: string) => Answer,
): Promise<{ origin: string; close: () => void }> {
  const server = createServer((request, response) => {
    request.resume();
    const [type, body, lateMs = 0] = answer(request.url ?? "/");
    response.setHeader("content-type", type);
    for (const [name, value] of ISOLATION) response.setHeader(name, value);
    if (type === "text/event-stream") response.write(body);
    else if (lateMs > 0) setTimeout(() => response.end(body), lateMs);
    else response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://${hostname}:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
