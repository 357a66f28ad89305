import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import { APP_ORIGIN } from "@breezeway/test-support/signer";
import { startGateway, type StartOptions, type TestGateway } from "../../test-support/start.ts";

interface WebSocketGateway extends TestGateway {
  readonly sockets: WebSocketServer;
  readonly handshakes: IncomingMessage[];
}

async function start(options: StartOptions = {}): Promise<WebSocketGateway> {
  const gateway = await startGateway({
    ...options,
    route: { scopes: ["orders:read"], ...options.route },
  });
  const sockets = new WebSocketServer({
    server: gateway.upstream.server,
    handleProtocols: (offered) => (offered.has("chat") ? "chat" : false),
  });
  const handshakes: IncomingMessage[] = [];
  sockets.on("connection", (socket, request) => {
    handshakes.push(request);
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  return {
    ...gateway,
    sockets,
    handshakes,
    [Symbol.asyncDispose]: async () => {
      for (const client of sockets.clients) client.terminate();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

const wsUrl = (gateway: TestGateway, path = "/orders/live"): string =>
  gateway.url.replace("http:", "ws:") + path;

function bearer(gateway: TestGateway, claims?: object): { authorization: string } {
  return { authorization: `Bearer ${gateway.tokens.token(claims)}` };
}

async function refusalOf(socket: WebSocket): Promise<[number | undefined, string]> {
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return [response.statusCode, body];
}

describe("a WebSocket", () => {
  it("carries messages both ways, to an upstream that gets the identity", async () => {
    await using gateway = await start();
    const socket = new WebSocket(wsUrl(gateway), {
      headers: { ...bearer(gateway), "x-breezeway-user": "mallory", origin: APP_ORIGIN },
    });
    await once(socket, "open");
    const big = Buffer.alloc(3_000_000, 7);
    socket.send("hello");
    socket.send(big);
    const [hello] = (await once(socket, "message")) as [Buffer];
    expect(hello.toString()).toBe("hello");
    const [echoed] = (await once(socket, "message")) as [Buffer];
    expect(echoed.equals(big)).toBe(true);
    expect(gateway.handshakes[0]?.headers).toMatchObject({ "x-breezeway-user": "alice" });
    expect(gateway.handshakes[0]?.headers["authorization"]).toBeUndefined();
    socket.close(4000, "done");
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(4000);
  });

  it("may send its token as a subprotocol, which is not forwarded", async () => {
    await using gateway = await start();
    const token = gateway.tokens.token();
    const socket = new WebSocket(wsUrl(gateway), ["breezeway", `breezeway.bearer.${token}`], {
      headers: { origin: APP_ORIGIN },
    });
    await once(socket, "open");
    expect(socket.protocol).toBe("breezeway");
    expect(gateway.handshakes[0]?.headers["sec-websocket-protocol"]).toBe("breezeway");
    socket.terminate();
    const chat = new WebSocket(wsUrl(gateway), ["chat", `breezeway.bearer.${token}`]);
    await once(chat, "open");
    expect(chat.protocol).toBe("chat");
    chat.terminate();
  });

  it.each([
    ["without a token", {}, [], 401, "token-missing"],
    ["with a bad token", { authorization: "Bearer x.y.z" }, [], 401, "token-malformed"],
    [
      "with two tokens",
      { authorization: "Bearer x" },
      ["breezeway.bearer.x"],
      400,
      "duplicate-credentials",
    ],
    [
      "with two subprotocol tokens",
      {},
      ["breezeway.bearer.x", "breezeway.bearer.y"],
      400,
      "duplicate-credentials",
    ],
    [
      "from another origin",
      { origin: "https://evil.example" },
      ["breezeway.bearer.x"],
      403,
      "origin-not-allowed",
    ],
  ])("is refused %s", async (...row) => {
    const [, headers, protocols, status, reason] = row;
    await using gateway = await start();
    const socket = new WebSocket(wsUrl(gateway), protocols, { headers });
    const [answered, body] = await refusalOf(socket);
    expect(answered).toBe(status);
    expect(body).toContain(reason);
    expect(gateway.handshakes).toEqual([]);
  });

  it("is refused on a route without WebSocket", async () => {
    await using gateway = await start({ route: { webSocket: false } });
    const socket = new WebSocket(wsUrl(gateway), { headers: bearer(gateway) });
    expect((await refusalOf(socket))[0]).toBe(400);
  });

  it("forwards the upstream's refusal", async () => {
    await using gateway = await start();
    gateway.sockets.close();
    gateway.upstream.server.on("upgrade", (_request, socket) => {
      socket.end("HTTP/1.1 426 Upgrade Required\r\ncontent-length: 4\r\n\r\nnope");
    });
    const socket = new WebSocket(wsUrl(gateway), { headers: bearer(gateway) });
    expect(await refusalOf(socket)).toEqual([426, "nope"]);
  });

  it("ends when the upstream's connection ends, and vice versa", async () => {
    await using gateway = await start();
    const first = new WebSocket(wsUrl(gateway), { headers: bearer(gateway) });
    await once(first, "open");
    for (const client of gateway.sockets.clients) client.terminate();
    await once(first, "close");
    const second = new WebSocket(wsUrl(gateway), { headers: bearer(gateway) });
    await once(second, "open");
    const closed = Promise.all([...gateway.sockets.clients].map((client) => once(client, "close")));
    second.terminate();
    await closed;
  });

  it.each([0, 50])("ends with the server after graceMs %i", async (graceMs) => {
    await using gateway = await start();
    const socket = new WebSocket(wsUrl(gateway), { headers: bearer(gateway) });
    await once(socket, "open");
    const closed = Promise.all([
      once(socket, "close"),
      ...[...gateway.sockets.clients].map((client) => once(client, "close")),
    ]);
    await gateway.server.close({ graceMs });
    await closed;
  });

  it("ends after idleTimeoutMs without a byte", async () => {
    await using gateway = await start({ route: { idleTimeoutMs: 100 } });
    const socket = new WebSocket(wsUrl(gateway), { headers: bearer(gateway) });
    await once(socket, "open");
    await once(socket, "close");
  });
});

describe("other upgrades", () => {
  const upgrade = (gateway: TestGateway, ...headers: string[]): string =>
    [
      "GET /orders HTTP/1.1",
      "Host: gateway",
      `Authorization: Bearer ${gateway.tokens.token()}`,
      ...headers,
      "",
      "",
    ].join("\r\n");

  it("to HTTP/2 are ignored, since a tunnel would bypass the gateway", async () => {
    await using gateway = await startGateway();
    const text = upgrade(
      gateway,
      "Connection: Upgrade, HTTP2-Settings, close",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    );
    expect(statusOf(await sendRaw(gateway.url, text, /\}$/))).toBe(200);
    expect(gateway.upstream.requests[0]?.headers).not.toHaveProperty("upgrade");
    expect(gateway.upstream.requests[0]?.headers).not.toHaveProperty("http2-settings");
  });

  it("that the upstream forces on a plain request are refused", async () => {
    await using gateway = await startGateway();
    gateway.upstream.server.removeAllListeners("request");
    gateway.upstream.server.on("request", (request) => {
      request.socket.end(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
      );
    });
    const response = await gateway.request("/orders");
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ reason: "upstream-invalid" });
  });

  it("do not let a client continue before the upstream agrees", async () => {
    // A client that acts as if it was upgraded, and smuggles a request after the refused handshake.
    await using gateway = await startGateway();
    const text = upgrade(
      gateway,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    );
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1").setEncoding("latin1");
    socket.write(`${text}GET /admin HTTP/1.1\r\nHost: internal\r\n\r\n`);
    let received = "";
    for await (const chunk of socket) received += String(chunk);
    expect(received.match(/HTTP\/1\.1 \d{3}/g)).toEqual(["HTTP/1.1 200"]);
    expect(gateway.upstream.requests.map(({ url }) => url)).toEqual(["/orders"]);
  });

  it.each([
    ["waits for its upstream", "/orders/1", 200],
    ["the gateway itself answers", "/health/ready", 200],
    ["was refused in the same turn", "/nowhere", 404],
  ])(
    "behind a request that %s are ignored, and both are answered",
    async (_name, first, status) => {
      await using gateway = await startGateway();
      const ignored = upgrade(
        gateway,
        "Connection: Upgrade, close",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      );
      const before = upgrade(gateway, "Connection: keep-alive").replace("/orders", first);
      const received = await sendRaw(gateway.url, before + ignored);
      expect(received.match(/HTTP\/1\.1 \d{3}/g)).toEqual([`HTTP/1.1 ${status}`, "HTTP/1.1 200"]);
      expect(gateway.upstream.requests.at(-1)?.url).toBe("/orders");
      expect(gateway.upstream.requests.at(-1)?.headers).not.toHaveProperty("upgrade");
    },
  );

  it.each([
    ["to HTTP/2", ["Upgrade: h2c"], ""],
    ["with a body", ["Upgrade: websocket", "Content-Length: 3"], "abc"],
  ])("%s are ignored, and end their connection", async (_name, lines, body) => {
    await using gateway = await startGateway({ route: { scopes: [] } });
    const first = upgrade(gateway, "Connection: Upgrade", ...lines) + body;
    // The parser drops bytes that arrive together with such a request, and would read later bytes from the
    // middle of them.
    const received = await sendRaw(
      gateway.url,
      `${first}GET /orders/2 HTTP/1.1\r\nHost: g\r\n\r\n`,
    );
    expect(received.match(/HTTP\/1\.1 \d{3}/g)).toEqual(["HTTP/1.1 200"]);
    expect(received).toMatch(/\r\nConnection: close\r\n/);
  });

  it("at /authz are answered as a reverse proxy's question about an upgrade", async () => {
    await using gateway = await startGateway();
    const question = upgrade(
      gateway,
      "Connection: Upgrade, close",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "X-Forwarded-Method: GET",
      "X-Forwarded-Uri: /orders/live",
    );
    const received = await sendRaw(gateway.url, question.replace("/orders", "/authz"));
    expect(statusOf(received)).toBe(200);
    expect(received).toContain("x-breezeway-user: alice");
  });

  it.each([
    ["Content-Length: 37", ""],
    ["Transfer-Encoding: chunked", "25\r\n"],
  ])(
    "with a body (%s) are ignored, and the body is not read as a request",
    async (framing, size) => {
      await using gateway = await startGateway({ route: { scopes: [] } });
      const text = upgrade(
        gateway,
        "Connection: Upgrade, close",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        framing,
      );
      const body = "GET /admin HTTP/1.1\r\nHost: inside\r\n\r\n";
      const end = size === "" ? "" : "\r\n0\r\n\r\n";
      const received = await sendRaw(gateway.url, text + size + body + end);
      expect(received.match(/HTTP\/1\.1 \d{3}/g)?.[0]).toBe("HTTP/1.1 200");
      expect(gateway.upstream.requests.map(({ url }) => url)).toEqual(["/orders"]);
      expect(gateway.upstream.requests[0]?.headers).not.toHaveProperty("upgrade");
    },
  );
});
