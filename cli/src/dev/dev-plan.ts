/** Checks the arguments of `breezeway dev`. Each error names its flag or file. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { BridgeError, isLoopbackHost, isRight, originOf } from "@breezeway/shared";
import { parseManifest, parseManifestJson, type RegisteredApp } from "@breezeway/shared/schemas";

export interface DevFlags {
  readonly manifest?: string;
  readonly port?: string;
  readonly user?: readonly string[];
  readonly tenant?: readonly string[];
  readonly scope?: readonly string[];
  readonly capability?: readonly string[];
  readonly upstream?: string;
  readonly methods?: string;
}

export interface DevPlan {
  readonly app: RegisteredApp;
  /** The page of the app to open. `undefined` opens the URL of the manifest. */
  readonly path: string | undefined;
  /** Host name of the host page. For browsers it is another site than the app's. */
  readonly hostname: "localhost" | "127.0.0.1";
  /** Port of the host page. The gateway uses the next one. */
  readonly port: number;
  /** Users who can sign in. The first one is signed in at the start. Each belongs to all tenants. */
  readonly users: readonly string[];
  readonly tenants: readonly string[];
  /** Scopes of each user in each tenant. */
  readonly scopes: readonly string[];
  readonly upstream: string | undefined;
  /** Absolute path of the module with the host's methods. */
  readonly methodsFile: string | undefined;
}

const DEFAULT_PORT = 4600;
// The gateway needs the next port.
const MAX_PORT = 65_534;

/** @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID */
export async function readDevPlan(guestUrl: string, flags: DevFlags): Promise<DevPlan> {
  const url = checkGuestUrl(guestUrl);
  const app = await (flags.manifest === undefined
    ? appFromFlags(url, flags)
    : appFromFile(url, flags.manifest, flags));
  return {
    app,
    path: url.pathname + url.search + url.hash === "/" ? undefined : url.href,
    hostname: isLocalhost(url.hostname) ? "127.0.0.1" : "localhost",
    port: checkPort(flags.port),
    users: checkNames("--user", flags.user, ["alice", "bob"]),
    tenants: checkNames("--tenant", flags.tenant, ["acme", "globex"]),
    scopes: checkRights("--scope", flags.scope) ?? app.scopes,
    upstream: flags.upstream === undefined ? undefined : checkUpstream(flags.upstream),
    methodsFile: flags.methods === undefined ? undefined : await checkMethodsFile(flags.methods),
  };
}

function checkGuestUrl(text: string): URL {
  if (originOf(text) === undefined) {
    throw invalid("<guest-url>: must be the URL of the app, such as http://127.0.0.1:5173.");
  }
  return new URL(text);
}

/** An app without a manifest gets the scopes and capabilities of the flags. */
function appFromFlags(url: URL, flags: DevFlags): RegisteredApp {
  const id = appIdOf(url);
  return parseManifest(
    {
      id,
      name: id,
      version: "0.0.0",
      url: url.href,
      scopes: checkRights("--scope", flags.scope) ?? [],
      capabilities: checkRights("--capability", flags.capability) ?? [],
    },
    "<guest-url>",
  );
}

async function appFromFile(url: URL, file: string, flags: DevFlags): Promise<RegisteredApp> {
  if (flags.capability !== undefined) {
    throw invalid(`--capability: must not be used with --manifest. Add it to ${file}.`);
  }
  const app = parseManifestJson(await readText("--manifest", file), file);
  if (app.origin === url.origin) return app;
  throw new BridgeError(
    "MANIFEST_INVALID",
    `${file}: url: must have the origin of <guest-url>, ${url.origin}, but has ${app.origin}.`,
  );
}

/** `http://127.0.0.1:5173` → `app-5173`, `https://orders.example` → `orders-example`. */
function appIdOf({ hostname, port }: URL): string {
  const name = isLoopbackHost(hostname) ? `app-${port}` : hostname;
  const id = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return `${/^[a-z]/.test(id) ? "" : "app-"}${id}`.slice(0, 63).replaceAll(/^-+|-+$/g, "");
}

// Browsers may treat `localhost` and its subdomains as one site. An IP address is always another site.
function isLocalhost(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost");
}

function checkPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= MAX_PORT) return port;
  throw invalid(`--port: must be a number from 1 to ${MAX_PORT}. The gateway uses the next port.`);
}

function checkNames(
  flag: string,
  names: readonly string[] | undefined,
  otherwise: readonly string[],
): readonly string[] {
  if (names === undefined) return otherwise;
  if (names.length > 0 && names.every((name) => name.length <= 256)) return [...new Set(names)];
  throw invalid(`${flag}: must have at least one name, each of at most 256 characters.`);
}

function checkRights(
  flag: string,
  names: readonly string[] | undefined,
): readonly string[] | undefined {
  const wrong = names?.find((name) => !isRight(name));
  if (wrong === undefined) return names;
  throw invalid(
    `${flag}: ${JSON.stringify(wrong)} must have the form resource:action, such as orders:read.`,
  );
}

function checkUpstream(text: string): string {
  const origin = originOf(text);
  const isBare = origin !== undefined && (text === origin || text === `${origin}/`);
  if (isBare) return origin;
  throw invalid("--upstream: must be an origin without a path, such as http://127.0.0.1:3000.");
}

async function checkMethodsFile(file: string): Promise<string> {
  if (!/\.m?js$/.test(file))
    throw invalid("--methods: must be a JavaScript file that ends in .mjs or .js.");
  await readText("--methods", file);
  return resolve(file);
}

async function readText(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw invalid(`${flag}: cannot read ${file} (${code}).`, cause);
  }
}

function invalid(message: string, cause?: unknown): BridgeError {
  return new BridgeError("CONFIG_INVALID", message, { cause });
}
