/** Issuers in processes of their own, which a test kills. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Place } from "./stores.ts";

const SCRIPT = fileURLToPath(new URL("issuer-process.ts", import.meta.url));

export interface IssuerProcess {
  readonly url: string;
  /** SIGKILL: nothing of it runs after that. */
  kill(): Promise<void>;
}

export interface IssuerProcessOptions {
  readonly clockAheadMs?: number;
  /** Origin of the backend of connectable apps. Default: no installations. */
  readonly backend?: string;
}

export async function startIssuerProcess(
  { location }: Place,
  { clockAheadMs = 0, backend }: IssuerProcessOptions = {},
): Promise<IssuerProcess> {
  const args = [location, String(clockAheadMs), ...(backend === undefined ? [] : [backend])];
  const child: ChildProcess = spawn(
    process.execPath,
    ["--conditions=@breezeway/source", SCRIPT, ...args],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  if (!child.stdout) throw new Error("no output");
  const [url] = (await once(createInterface(child.stdout), "line")) as [string];
  return {
    url,
    async kill() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

export interface SendOptions {
  readonly cookie?: string;
  readonly body?: object;
}

/** A request as the host page sends it. The answer counts once it is whole. */
export async function send(
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
