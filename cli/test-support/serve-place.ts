/** A folder with a configuration of `breezeway serve`, and a service behind its gateway. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "@breezeway/test-support/listen";

export const ISSUER = "http://localhost:4000/auth";

export const ORDERS = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: "http://127.0.0.1:5173",
  scopes: ["orders:read", "orders:write"],
};

const ALICE = {
  id: "alice",
  name: "Alice",
  tenants: { acme: { scopes: ["orders:read", "orders:write"] } },
};

export interface ServePlace extends AsyncDisposable {
  readonly folder: string;
  /** The configuration's path. */
  readonly file: string;
  /** A valid configuration with free ports, which tests can change and pass to `write`. */
  readonly config: Config;
  /** Replaces the configuration. A string is written unchanged. */
  write(config: object | string): void;
}

export interface Config {
  readonly issuer: object;
  readonly gateway: object;
  readonly apps: readonly object[];
  readonly shutdown?: object;
}

/** @param service - Answers the requests that the gateway forwards. */
export async function createServePlace(
  service: RequestListener = (_request, response) => void response.end("{}"),
): Promise<ServePlace> {
  const upstream = await listen(createServer(service));
  const folder = mkdtempSync(join(tmpdir(), "cli-serve-"));
  const file = join(folder, "breezeway.json");
  const route = { upstream: upstream.url };
  const place: ServePlace = {
    folder,
    file,
    config: {
      issuer: { url: ISSUER, port: 0, devLogin: { users: [ALICE] } },
      gateway: {
        port: 0,
        operationsPort: 0,
        routes: [{ ...route, prefix: "/orders", scopes: ["orders:write"] }],
      },
      apps: [ORDERS],
      // No load balancer is in front, and most tests have nothing to wait for.
      shutdown: { drainDelayMs: 0, graceMs: 0 },
    },
    write(config) {
      // A rename replaces the file as a whole, as a deployment does.
      writeFileSync(`${file}.new`, typeof config === "string" ? config : JSON.stringify(config));
      renameSync(`${file}.new`, file);
    },
    async [Symbol.asyncDispose]() {
      await upstream.close();
      rmSync(folder, { recursive: true });
    },
  };
  place.write(place.config);
  return place;
}

/** A line of the running server's log. */
export interface LogLine {
  readonly log?: string;
  readonly event?: string;
  readonly part?: string;
  readonly url?: string;
  readonly why?: string;
  readonly drainDelayMs?: number;
  readonly graceMs?: number;
}

/** The addresses in the log, by name of the part. */
export function addressesIn(lines: readonly LogLine[]): Readonly<Record<string, string>> {
  const listening = lines.filter(({ event }) => event === "listening");
  return Object.fromEntries(listening.map(({ part = "", url = "" }) => [part, url]));
}

const POST = { "x-breezeway-request": "1", "content-type": "application/json" };

/** Signs alice in, without a password. @returns her cookie */
export async function signIn(issuerUrl: string): Promise<string> {
  const answer = await fetch(`${issuerUrl}/auth/login/dev`, {
    method: "POST",
    headers: POST,
    body: JSON.stringify({ userId: "alice", tenantId: "acme" }),
  });
  return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
}

/** Mints a token; `undefined` when the answer has no token. */
export async function tokenFor(issuerUrl: string, cookie: string): Promise<string | undefined> {
  const answer = await fetch(`${issuerUrl}/auth/session/token`, {
    method: "POST",
    headers: { ...POST, cookie },
    body: JSON.stringify({ appId: "orders" }),
  });
  const { token } = (await answer.json()) as { readonly token?: string };
  return token;
}

export async function send(url: string, token = ""): Promise<Response> {
  return await fetch(url, { headers: { authorization: `Bearer ${token}` } });
}
