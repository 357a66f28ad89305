import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { startGateway } from "../../test-support/start.ts";
import { GatewayResponse } from "./node-client.ts";

const CONNECTIONS = 10_000;
const LIMITS = "/proc/self/limits";

/** Files that are open besides the connections. */
function mayOpen(files: number): boolean {
  const limits = existsSync(LIMITS) ? readFileSync(LIMITS, "utf8") : "";
  const [, hard = "0"] = /^Max open files\s+\S+\s+(\d+)/m.exec(limits) ?? [];
  return Number(hard) >= files + 500;
}

// A separate process: both ends in one process would need twice the files.
const CLIENT = `
  const { connect } = require("node:net");
  const [port, count, request] = process.argv.slice(1);
  let opened = 0, closed = 0;
  const open = () => {
    const socket = connect(Number(port), "127.0.0.1")
      .on("error", () => {})
      .on("close", () => process.stdout.write("closed " + ++closed + "\\n"));
    const isOpen = () => {
      if (++opened === Number(count)) process.stdout.write("open\\n");
      else if (opened + 200 <= Number(count)) open();
    };
    if (request === "") socket.once("connect", isOpen);
    // The answer arrives in one piece.
    else socket.once("connect", () => socket.write(request)).once("data", isOpen);
  };
  for (let index = 0; index < 200; index += 1) open();
`;

/** @param request - Sent once on each connection. Empty for none. */
function openConnections(url: string, count: number, request = ""): ChildProcess {
  const args = ["-e", CLIENT, new URL(url).port, String(count), request];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}

async function open(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1").on("error", () => {});
  await once(socket, "connect");
  return socket.resume();
}

describe("idle connections", () => {
  it.runIf(mayOpen(CONNECTIONS))(
    "by the ten thousand keep nobody from being served, and cost little memory",
    async () => {
      await using gateway = await startGateway({ serve: { headersTimeoutMs: 50_000 } });
      const before = process.memoryUsage().rss;
      const client = openConnections(gateway.url, CONNECTIONS);
      const [heard] = (await once(client.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
      const bytesEach = (process.memoryUsage().rss - before) / CONNECTIONS;
      for (let count = 0; count < 20; count += 1) {
        expect((await gateway.request("/orders")).status).toBe(200);
      }
      client.kill("SIGKILL");
      await once(client, "exit");
      expect(heard.toString()).toBe("open\n");
      expect(bytesEach).toBeLessThan(20_000);
    },
  );

  it("between two requests keep nothing of the first one in memory", async () => {
    const count = 300;
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const responses: WeakRef<object>[] = [];
    const onStart = (message: unknown): void => {
      const { response } = message as { readonly response: object };
      if (response instanceof GatewayResponse) responses.push(new WeakRef(response));
    };
    subscribe("http.server.request.start", onStart);
    try {
      await using gateway = await startGateway();
      const lines = ["GET /orders HTTP/1.1", "Host: g.example"];
      const head = [...lines, `Authorization: Bearer ${gateway.tokens.token()}`, "", ""];
      const client = openConnections(gateway.url, count, head.join("\r\n"));
      await once(client.stdout as NodeJS.ReadableStream, "data");
      expect(responses).toHaveLength(count);
      const inMemory = (): number => {
        collectGarbage();
        return responses.filter((response) => response.deref() !== undefined).length;
      };
      // The parser of the last request may still refer to its response.
      await expect.poll(inMemory).toBeLessThan(count / 10);
      client.kill("SIGKILL");
      await once(client, "exit");
    } finally {
      unsubscribe("http.server.request.start", onStart);
    }
  });

  it("that never send a request are closed after headersTimeoutMs", async () => {
    await using gateway = await startGateway({ serve: { headersTimeoutMs: 200 } });
    await once(await open(gateway.url), "close");
  });

  it("between two requests are closed after keepAliveTimeoutMs", async () => {
    await using gateway = await startGateway({ serve: { keepAliveTimeoutMs: 100 } });
    const socket = await open(gateway.url);
    const token = gateway.tokens.token();
    socket.write(`GET /orders HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await once(socket, "close");
    expect(gateway.upstream.requests).toHaveLength(1);
  });
});
