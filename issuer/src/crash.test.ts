import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type PostgresServer } from "./test-support/postgres-server.ts";
import { START_TIMEOUT_MS } from "./test-support/stores.ts";
import { cookieOf } from "./test-support/test-issuer.ts";

const SCRIPT = fileURLToPath(new URL("test-support/issuer-process.ts", import.meta.url));
const ROUNDS = 4;
const CLIENTS = 8;

interface Running {
  readonly url: string;
  kill(): Promise<void>;
}

async function start(place: string): Promise<Running> {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--conditions=@breezeway/source", SCRIPT, place],
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

/** What a client was told of one session. */
interface Known {
  cookie: string;
  /** `unknown`: asked to end, and no answer came. */
  state: "live" | "ended" | "unknown";
}

async function send(
  url: string,
  method: string,
  cookie?: string,
  body?: string,
): Promise<Response> {
  const response = await fetch(url, {
    method,
    headers: {
      "x-breezeway-request": "1",
      ...(cookie === undefined ? {} : { cookie }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body }),
  });
  // An answer counts once it is whole.
  await response.arrayBuffer();
  return response;
}

/** Signs in, refreshes and signs out until the issuer is gone; notes only what was acknowledged. */
async function work(url: string, known: Known[]): Promise<void> {
  try {
    for (let turn = 0; ; turn += 1) {
      const login = await send(
        `${url}/auth/login/dev`,
        "POST",
        undefined,
        '{"userId":"alice","tenantId":"acme"}',
      );
      const session: Known = { cookie: cookieOf(login), state: "live" };
      known.push(session);
      const refreshed = await send(`${url}/auth/session/refresh`, "POST", session.cookie);
      session.cookie = cookieOf(refreshed);
      if (turn % 2 === 0) continue;
      session.state = "unknown";
      await send(`${url}/auth/session`, "DELETE", session.cookie);
      session.state = "ended";
    }
  } catch {
    // The issuer was killed in mid-request.
  }
}

let folder: string;
let postgres: PostgresServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "issuer-crash-"));
  postgres = await startPostgres();
}, START_TIMEOUT_MS);

afterAll(async () => {
  await postgres.close();
  rmSync(folder, { recursive: true });
});

describe("an issuer that is killed in mid-write", () => {
  it.each([
    ["sqlite", () => Promise.resolve(join(folder, "issuer.sqlite"))],
    ["postgres", () => postgres.createDatabase()],
  ])(
    "has lost no session that it acknowledged and brings none back that it revoked: %s",
    async (_store, createPlace) => {
      const place = await createPlace();
      const known: Known[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const issuer = await start(place);
        const before = known.length;
        const clients = Array.from({ length: CLIENTS }, () => work(issuer.url, known));
        // Killed while all clients are in the middle of something, after some work was done.
        await expect
          .poll(() => known.length - before, { timeout: 20_000, interval: 1 })
          .toBeGreaterThan(30);
        await issuer.kill();
        await Promise.all(clients);
      }
      const issuer = await start(place);
      const wrong: string[] = [];
      for (const { cookie, state } of known) {
        const { status } = await send(`${issuer.url}/auth/session`, "GET", cookie);
        if (state === "live" && status !== 200) wrong.push(`lost: ${status}`);
        if (state === "ended" && status !== 401) wrong.push(`resurrected: ${status}`);
      }
      expect(wrong).toEqual([]);
      expect(known.filter(({ state }) => state === "ended").length).toBeGreaterThan(10);
      await issuer.kill();
    },
    90_000,
  );
});
