/** A real issuer in a process of its own, which a test can kill. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ManifestInput } from "@breezeway/shared/schemas";
import { startScript } from "./processes.ts";

const SCRIPT = fileURLToPath(new URL("issuer-program.ts", import.meta.url));

export interface IssuerProcessOptions {
  /** How far its clock is ahead of the system's. Default: 0 ms. */
  readonly clockAheadMs?: number;
  /** Apps that people may install. Default: the apps of `issuer-fixture.ts`, without installations. */
  readonly apps?: readonly ManifestInput[];
}

export interface IssuerProcess extends AsyncDisposable {
  readonly port: number;
  /** For example `http://127.0.0.1:4000/auth`. */
  readonly url: string;
  /** Signs alice in. @returns her cookie */
  signIn(): Promise<string>;
  signOut(cookie: string): Promise<void>;
  /** Mints a token for the orders app. */
  token(cookie: string): Promise<string>;
  /** Sends SIGKILL and waits for the end: nothing of the process runs after that. */
  kill(): Promise<void>;
}

/** @param location - The file of an SQLite store, or the URL of a Postgres database. */
export async function startIssuerProcess(
  location: string,
  options: IssuerProcessOptions = {},
): Promise<IssuerProcess> {
  const { child, firstLine } = await startScript(SCRIPT, [location, JSON.stringify(options)]);
  const url = `${firstLine}/auth`;
  const exited = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  const succeed = async (method: string, path: string, sent: SendOptions): Promise<Response> => {
    const response = await sendAsHostPage(url + path, method, sent);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return response;
  };
  return {
    port: Number(new URL(url).port),
    url,
    signIn: async () => {
      const body = { userId: "alice", tenantId: "acme" };
      const response = await succeed("POST", "/login/dev", { body });
      return response.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
    },
    signOut: async (cookie) => {
      await succeed("DELETE", "/session", { cookie });
    },
    token: async (cookie) => {
      const response = await succeed("POST", "/session/token", {
        cookie,
        body: { appId: "orders" },
      });
      return ((await response.json()) as { readonly token: string }).token;
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

export interface SendOptions {
  readonly cookie?: string;
  readonly body?: object;
}

/** Sends a request as the host page does. Resolves once the whole answer has arrived. */
export async function sendAsHostPage(
  url: string,
  method: string,
  { cookie, body }: SendOptions = {},
): Promise<Response> {
  const response = await fetch(url, {
    method,
    headers: {
      "x-breezeway-request": "1",
      ...(cookie === undefined ? {} : { cookie }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await response.clone().arrayBuffer();
  return response;
}
