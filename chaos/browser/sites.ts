/** The sites of the browser soak: a host with a real issuer, four guest origins, and a real gateway. */
import { createServer, type RequestListener } from "node:http";
import { fileURLToPath } from "node:url";
import { serveGateway } from "@breezeway/gateway/node";
import { createIssuer, sqliteStore } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";
import { freePort } from "@breezeway/test-support/free-port";
import { listen } from "@breezeway/test-support/listen";
import { startUpstream } from "@breezeway/test-support/upstream";
import { build } from "esbuild";
import { USERS } from "../platform/fixture.ts";

const APPS = 4;
/** The shortest life of a token. */
const TOKEN_SECONDS = 15;

export interface SoakSites extends AsyncDisposable {
  readonly hostOrigin: string;
  readonly guestOrigins: readonly string[];
}

export async function startSites(guests: number): Promise<SoakSites> {
  await using opened = new AsyncDisposableStack();
  const scripts = await bundle();
  const port = await freePort();
  const hostOrigin = `http://localhost:${port}`;
  const html = (script: string, head = ""): string =>
    `<!doctype html><meta charset="utf-8"><title>${script}</title>${head}<body></body><script type="module">${scripts.get(script) ?? ""}</script>`;
  const site =
    (text: string): RequestListener =>
    (_request, response) =>
      void response.setHeader("content-type", "text/html").end(text);

  const guestPage = html(
    "guest-page",
    `<meta name="breezeway-host-origins" content="${hostOrigin}">`,
  );
  const apps: Record<string, string> = {};
  for (let index = 1; index <= APPS; index += 1) {
    apps[`app-${index}`] = opened.use(await listen(createServer(site(guestPage)))).url;
  }
  const manifests = Object.entries(apps).map(([id, url]) => ({
    id,
    name: id,
    version: "1.0.0",
    url: `${url}/`,
  }));
  const issuerUrl = `${hostOrigin}/auth`;
  const issuer = opened.use(
    createIssuer({
      issuer: issuerUrl,
      apps: manifests,
      store: sqliteStore({ file: ":memory:" }),
      devLogin: { users: USERS },
      tokenTtlSeconds: TOKEN_SECONDS,
      rateLimits: false,
    }),
  );
  const upstream = opened.use(await startUpstream());
  // Its list of requests would be the only thing that grows.
  upstream.server.on("request", () => void upstream.requests.splice(0));
  const gateway = opened.use(
    await serveGateway(
      {
        issuer: issuerUrl,
        apps: manifests,
        routes: [{ prefix: "/orders", upstream: upstream.url }],
        onError: () => undefined,
      },
      { port: 0 },
    ),
  );
  const data = JSON.stringify({ gateway: gateway.url, apps, guests });
  const hostPage = html("host-page", `<script type="application/json" id="data">${data}</script>`);
  const auth = toNodeHandler(issuer);
  const host = createServer((request, response) => {
    if (request.url?.startsWith("/auth/") === true) auth(request, response);
    else site(hostPage)(request, response);
  });
  opened.use(await listen(host, port));
  const stack = opened.move();
  return {
    hostOrigin,
    guestOrigins: Object.values(apps),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function bundle(): Promise<ReadonlyMap<string, string>> {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const { outputFiles } = await build({
    entryPoints: ["host-page", "guest-page"].map((name) => `${folder}${name}.ts`),
    outdir: folder,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["@breezeway/source"],
    write: false,
  });
  return new Map(
    outputFiles.map(({ path, text }) => [/([a-z-]+)\.js$/.exec(path)?.[1] ?? "", text]),
  );
}
