import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { startGateway } from "../../test-support/start.ts";

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
  const [port, count] = process.argv.slice(1).map(Number);
  let opened = 0, closed = 0;
  const open = () => {
    connect(port, "127.0.0.1")
      .on("error", () => {})
      .on("close", () => process.stdout.write("closed " + ++closed + "\\n"))
      .on("connect", () => {
        if (++opened === count) process.stdout.write("open\\n");
        else if (opened + 200 <= count) open();
      });
  };
  for (let index = 0; index < 200; index += 1) open();
`;

function openConnections(url: string): ChildProcess {
  const args = ["-e", CLIENT, new URL(url).port, String(CONNECTIONS)];
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
      const client = openConnections(gateway.url);
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
