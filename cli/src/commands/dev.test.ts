import {
  existsSync,
  mkdtempDisposableSync,
  readFileSync,
  writeFileSync,
  type DisposableTempDir,
} from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { freePort } from "@breezeway/test-support/free-port";
import { main } from "../main.ts";

/** A port whose successor is free too: the gateway listens on that one. */
const freePair = (): Promise<number> => freePort(1);

interface Running {
  readonly origin: string;
  readonly out: readonly string[];
  readonly err: readonly string[];
  /** Stops the command. @returns its exit code */
  stop(): Promise<number>;
}

const running: Running[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const command of running.splice(0)) await command.stop();
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(port: number): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const server = createServer((_request, response) => response.end("app"));
  server.once("error", reject);
  server.listen({ port, host: "127.0.0.1", exclusive: true }, resolve);
  await promise;
  return server;
}

async function startGuest(): Promise<string> {
  const server = await listen(0);
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Resolves once the command is running; rejects when it ends before. */
async function dev(...args: string[]): Promise<Running> {
  const [out, err]: [string[], string[]] = [[], []];
  const started = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const exit = main(["dev", ...args], {
    out: (line) => out.push(stripVTControlCharacters(line)),
    err: (line) => err.push(stripVTControlCharacters(line)),
    stdin: () => Promise.resolve(""),
    untilStopped() {
      started.resolve();
      return stopped.promise;
    },
    env: {},
  });
  await Promise.race([
    started.promise,
    exit.then((code) => {
      throw new Error(`${code}: ${err.join("\n")}`);
    }),
  ]);
  const command: Running = {
    origin: /http:\/\/\S+$/.exec(out[0] ?? "")?.[0] ?? "",
    out,
    err,
    stop() {
      stopped.resolve();
      return exit;
    },
  };
  running.push(command);
  return command;
}

async function signIn(origin: string, userId = "alice"): Promise<Response> {
  return await fetch(`${origin}/auth/login/dev`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-breezeway-request": "1", origin },
    body: JSON.stringify({ userId, tenantId: "acme" }),
  });
}

const cookieOf = (answer: Response): string =>
  answer.headers.get("set-cookie")?.split(";")[0] ?? "";

/** Status of `/` for a request with this `Host` header, which fetch cannot set. */
async function statusFor(origin: string, host: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const { port } = new URL(origin);
  const asked = request({ host: "127.0.0.1", port, headers: { host } }, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  asked.once("error", reject).end();
  return await promise;
}

describe("breezeway dev", () => {
  it("prints the host's URL, the origin that the page must name, and the URL of the keys", async () => {
    const port = await freePair();
    const { origin, out } = await dev(await startGuest(), "--port", String(port));
    expect(origin).toBe(`http://localhost:${port}`);
    const text = out.join("\n");
    expect(text).toContain(`<meta name="breezeway-host-origins" content="${origin}" />`);
    expect(text).toContain(`${origin}/auth/.well-known/jwks.json`);
    expect(text).toContain("gateway        none");
    const keys = await fetch(`${origin}/auth/.well-known/jwks.json`);
    expect(await keys.json()).toMatchObject({ keys: [{ kty: "OKP" }] });
  });

  it("serves a page that allows only its own script and no framing", async () => {
    const guest = await startGuest();
    const { origin } = await dev(guest, "--port", String(await freePair()));
    const page = await fetch(origin);
    const policy = page.headers.get("content-security-policy");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain(`frame-src ${guest};`);
    expect(policy).toContain("frame-ancestors 'none'");
    const script = await fetch(`${origin}/page.js`);
    expect(script.status).toBe(200);
    expect(script.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect((await fetch(`${origin}/methods.js`)).status).toBe(404);
  });

  it("answers only to its own host name", async () => {
    const port = await freePair();
    const { origin } = await dev(await startGuest(), "--port", String(port));
    expect(await statusFor(origin, `localhost:${port}`)).toBe(200);
    expect(await statusFor(origin, `rebound.example:${port}`)).toBe(421);
  });

  it("signs in only the users that --user names", async () => {
    const port = String(await freePair());
    const { origin } = await dev(await startGuest(), "--port", port, "--user", "carol");
    expect((await signIn(origin, "carol")).status).toBe(200);
    expect((await signIn(origin, "alice")).status).toBe(404);
  });

  it("revokes the session at the request of its own page, and refuses a page of another site", async () => {
    const { origin } = await dev(await startGuest(), "--port", String(await freePair()));
    const cookie = cookieOf(await signIn(origin));
    const revoke = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${origin}/dev/revoke`, { method: "POST", headers })).status;
    const session = async (): Promise<number> =>
      (await fetch(`${origin}/auth/session`, { headers: { cookie } })).status;
    expect(await revoke({ cookie })).toBe(403);
    expect(await session()).toBe(200);
    expect(await revoke({ cookie, "x-breezeway-request": "1" })).toBe(204);
    expect(await session()).toBe(401);
  });

  it("reports on standard error that the app does not answer, and keeps running", async () => {
    const { origin, err } = await dev("http://127.0.0.1:1", "--port", String(await freePair()));
    await expect.poll(() => err.join("\n")).toContain("! Nothing answers at http://127.0.0.1:1.");
    expect((await fetch(origin)).status).toBe(200);
  });

  describe("--open", () => {
    let folder: DisposableTempDir;

    beforeEach(() => {
      folder = mkdtempDisposableSync(join(tmpdir(), "cli-open-"));
      vi.stubEnv("PATH", folder.path);
    });

    afterEach(() => {
      vi.unstubAllEnvs();
      folder.remove();
    });

    /** Installs a fake browser opener under its names on Linux and macOS. */
    function writeOpener(script: string): void {
      for (const name of ["xdg-open", "open"]) {
        writeFileSync(join(folder.path, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      }
    }

    it("passes only the host's URL to the machine's browser opener", async () => {
      const seen = join(folder.path, "seen");
      writeOpener(`echo "$#: $*" > "${seen}.new"; /bin/mv "${seen}.new" "${seen}"`);
      const port = String(await freePort());
      const { origin, err } = await dev(await startGuest(), "--port", port, "--open");
      await expect.poll(() => existsSync(seen)).toBe(true);
      expect(readFileSync(seen, "utf8")).toBe(`1: ${origin}\n`);
      expect(err).toEqual([]);
    });

    it.each([
      ["exits with an error", () => writeOpener("exit 3")],
      ["is killed", () => writeOpener("kill -9 $$")],
      ["is missing", () => {}],
      [
        "is not executable",
        () => {
          for (const name of ["xdg-open", "open"]) writeFileSync(join(folder.path, name), "");
        },
      ],
    ])(
      "asks the user to open the page when the browser opener %s, and keeps running",
      async (_what, prepare) => {
        prepare();
        const port = String(await freePort());
        const { origin, err } = await dev(await startGuest(), "--port", port, "--open");
        await expect.poll(() => err).toEqual([`No browser was found. Open ${origin} yourself.`]);
        expect((await fetch(origin)).status).toBe(200);
      },
    );

    it("opens no browser without --open", async () => {
      // This environment has no browser to open, so an attempt would print an error.
      const { origin, err } = await dev(await startGuest(), "--port", String(await freePort()));
      expect((await fetch(origin)).status).toBe(200);
      expect(err).toEqual([]);
    });
  });

  it("ends with code 0 when stopped, and frees its ports", async () => {
    const port = await freePair();
    const upstream = await startGuest();
    const args = [await startGuest(), "--port", String(port), "--upstream", upstream];
    expect(await (await dev(...args)).stop()).toBe(0);
    expect(await (await dev(...args)).stop()).toBe(0);
  });

  it("names --port when the port of the host or the gateway is taken, and frees the other one", async () => {
    const port = await freePair();
    const taken = await listen(port + 1);
    servers.push(taken);
    const args = [await startGuest(), "--port", String(port), "--upstream", await startGuest()];
    await expect(dev(...args)).rejects.toThrow(`--port: ${port + 1} is already in use.`);
    await expect(dev(args[0] ?? "", "--port", String(port + 1))).rejects.toThrow(
      `--port: ${port + 1} is already in use. Stop the program that uses it, or pass another port: --port ${port + 11}.`,
    );
    (await listen(port)).close();
  });

  it("fails with code 1, and names the invalid flag", async () => {
    await expect(dev("http://127.0.0.1:5173", "--scope", "all")).rejects.toThrow(
      /1: config-invalid: --scope: "all" must have the form/,
    );
  });
});
