/** Clients that close their sending side and continue to read (ADR 69). */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

interface HalfClosed {
  readonly socket: Socket;
  /** All received bytes, once the other side has closed too. */
  readonly received: Promise<string>;
}

const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\n";

/** Sends the text, and can close only the sending side. */
function open(gateway: TestGateway, text: string): HalfClosed {
  const { port } = new URL(gateway.url);
  const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  socket.write(text);
  return { socket, received: read(socket) };
}

async function read(socket: Socket): Promise<string> {
  let received = "";
  for await (const chunk of socket.setEncoding("latin1")) received += String(chunk);
  return received;
}

const metrics = async (gateway: TestGateway): Promise<string> =>
  (await fetch(`${gateway.url}/metrics`)).text();

function head(gateway: TestGateway, method: string, ...lines: string[]): string {
  const authorization = `Authorization: Bearer ${gateway.tokens.token()}`;
  return [`${method} /orders HTTP/1.1`, "Host: g", authorization, ...lines, "", ""].join("\r\n");
}

describe("a client that half-closes", () => {
  it.each([
    ["without a body", (gateway: TestGateway) => head(gateway, "GET")],
    ["with a body", (gateway: TestGateway) => `${head(gateway, "POST", "Content-Length: 3")}abc`],
    [
      "with a body in chunks",
      (gateway: TestGateway) =>
        `${head(gateway, "POST", "Transfer-Encoding: chunked")}3\r\nabc\r\n0\r\n\r\n`,
    ],
  ])(
    "after a request %s is disconnected, and its request to the service ends",
    async (_name, text) => {
      const arrived = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<void>();
      await using gateway = await startGateway({
        // Nothing else would end the request.
        route: { timeoutMs: 3_600_000, idleTimeoutMs: 0 },
        handler: (request) => {
          request.resume();
          request.socket.on("close", () => ended.resolve());
          arrived.resolve();
        },
      });
      const { socket, received } = open(gateway, text(gateway));
      await arrived.promise;
      socket.end();
      expect(await received).toBe("");
      await ended.promise;
      const told = await metrics(gateway);
      expect(told).toContain('{route="/orders",status="499",reason=""} 1');
      expect(told).toMatch(/^breezeway_gateway_open_exchanges 0$/m);
    },
  );

  it("during an answer is disconnected without the rest of it", async () => {
    const ended = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      route: { idleTimeoutMs: 0 },
      handler: (request, response) => {
        request.socket.on("close", () => ended.resolve());
        response.write("begun");
      },
    });
    const { socket, received } = open(gateway, head(gateway, "GET"));
    await once(socket, "readable");
    socket.end();
    expect(await received).toMatch(/^HTTP\/1\.1 200 .*begun\r\n$/s);
    await ended.promise;
  });

  it("during its body gets a refusal, and its request to the service ends", async () => {
    const arrived = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      route: { timeoutMs: 3_600_000, idleTimeoutMs: 0 },
      handler: (request) => {
        request.on("error", () => {}).resume();
        request.socket.on("close", () => ended.resolve());
        arrived.resolve();
      },
    });
    const { socket, received } = open(gateway, `${head(gateway, "POST", "Content-Length: 9")}abc`);
    await arrived.promise;
    socket.end();
    expect(await received).toMatch(/^(?:HTTP\/1\.1 400 .*request-malformed.*)?$/s);
    await ended.promise;
    expect(await metrics(gateway)).toMatch(/^breezeway_gateway_open_exchanges 0$/m);
  });

  it("after a refused request can read the refusal", async () => {
    await using gateway = await startGateway();
    const { socket, received } = open(gateway, "GET /orders HTTP/1.1\r\nHost: g\r\n\r\n");
    socket.end();
    expect(await received).toMatch(/^HTTP\/1\.1 401 .*token-missing/s);
  });

  it("before any request is disconnected", async () => {
    await using gateway = await startGateway();
    for (const text of ["", "GET /orders HTT"]) {
      const { socket, received } = open(gateway, text);
      socket.end();
      expect(await received).toMatch(/^(?:HTTP\/1\.1 400 .*)?$/s);
    }
  });

  it.each(["client", "service"])(
    "of a WebSocket that the %s ends lives no longer",
    async (side) => {
      const heard = Promise.withResolvers<Socket>();
      await using gateway = await startGateway({ route: { idleTimeoutMs: 0 } });
      gateway.upstream.server.on("upgrade", (_request, socket: Socket) => {
        // The other side never closes by itself.
        socket.on("end", () => heard.resolve(socket)).on("error", () => {});
        socket.resume();
        const text = `${SWITCHING}Connection: upgrade\r\nUpgrade: websocket\r\n\r\nlast words`;
        if (side === "service") socket.end(text);
        else socket.write(text);
      });
      const lines = ["Connection: upgrade", "Upgrade: websocket"];
      const { socket, received } = open(gateway, head(gateway, "GET", ...lines));
      await once(socket, "readable");
      if (side === "client") socket.end();
      expect(await received).toMatch(/^HTTP\/1\.1 101 .*last words$/s);
      const service = await heard.promise;
      while (!(await metrics(gateway)).includes("breezeway_gateway_open_websockets 0"));
      socket.destroy();
      service.destroy();
    },
  );
});
