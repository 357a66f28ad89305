/** A real issuer in a process of its own, on Postgres. It is no part of the gateway: only its port is known here. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(
  new URL("../../issuer/test-support/issuer-process.ts", import.meta.url),
);

/** What it calls itself in its tokens, wherever it listens. */
export const PROCESS_ISSUER = "http://localhost:4000/auth";

const POST = { "content-type": "application/json", "x-breezeway-request": "1" } as const;

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface IssuerProcess extends AsyncDisposable {
  readonly port: number;
  /** Such as `http://127.0.0.1:4000/auth`. */
  readonly url: string;
  /** Signs alice in. @returns her cookie */
  signIn(): Promise<string>;
  signOut(cookie: string): Promise<void>;
  /** A token of the orders app. */
  token(cookie: string): Promise<string>;
}

export async function startIssuerProcess(postgresPort: number): Promise<IssuerProcess> {
  const location = `postgres://postgres@127.0.0.1:${postgresPort}/postgres`;
  const child = spawn(process.execPath, ["--conditions=@breezeway/source", SCRIPT, location], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const [origin] = (await once(createInterface(child.stdout), "line")) as [string];
  const url = `${origin}/auth`;
  const send = async (method: string, path: string, sent: Sent): Promise<Response> => {
    const headers = { ...POST, ...sent.headers };
    const response = await fetch(url + path, { ...sent, method, headers });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return response;
  };
  return {
    port: Number(new URL(url).port),
    url,
    signIn: async () => {
      const body = JSON.stringify({ userId: "alice", tenantId: "acme" });
      const response = await send("POST", "/login/dev", { body });
      return response.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
    },
    signOut: async (cookie) => {
      await send("DELETE", "/session", { headers: { cookie } });
    },
    token: async (cookie) => {
      const body = JSON.stringify({ appId: "orders" });
      const response = await send("POST", "/session/token", { headers: { cookie }, body });
      return ((await response.json()) as { readonly token: string }).token;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
