import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sendRaw } from "@breezeway/test-support/raw-client";
import type { Handler } from "@breezeway/test-support/upstream";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

/** Answers with the received trailers, and with the header that announced them. */
const tellTrailers: Handler = (incoming, response) => {
  incoming.resume().on("end", () => {
    const { trailer = null, te = null } = incoming.headers;
    response.end(JSON.stringify({ trailers: incoming.trailers, trailer, te }));
  });
};

const chunked = (gateway: TestGateway, lines: readonly string[], trailers: string): string =>
  [
    "POST /orders HTTP/1.1",
    "Host: gateway",
    `Authorization: Bearer ${gateway.tokens.token()}`,
    "Transfer-Encoding: chunked",
    ...lines,
    "",
    `3\r\nabc\r\n0\r\n${trailers}\r\n`,
  ].join("\r\n");

const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";

const HALF = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";

const BROKEN = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense";

function post(gateway: TestGateway, headers: object = {}): ClientRequest {
  const authorization = `Bearer ${gateway.tokens.token()}`;
  const client = request(`${gateway.url}/orders`, {
    method: "POST",
    headers: { authorization, ...headers },
  });
  client.on("error", () => {});
  client.flushHeaders();
  return client;
}

const answerTo = async (client: ClientRequest): Promise<IncomingMessage> =>
  ((await once(client, "response")) as [IncomingMessage])[0];

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  return text;
}

describe("a chunked body", () => {
  afterEach(() => void vi.useRealTimers());

  it("arrives complete, several in a row on one upstream connection", async () => {
    const sockets = new Set<unknown>();
    await using gateway = await startGateway({
      handler: (incoming, response) => {
        sockets.add(incoming.socket);
        incoming.pipe(response);
      },
    });
    const large = "0123456789".repeat(400_000);
    for (const text of ["short", large, ""]) {
      const client = post(gateway, { "transfer-encoding": "chunked" });
      if (text !== "") client.write(text);
      client.end();
      expect(await textOf(await answerTo(client))).toBe(text);
    }
    expect(sockets.size).toBe(1);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('connections{upstream="/orders",state="connected"} 1');
  });

  it("is streamed both ways at once", async () => {
    await using gateway = await startGateway({
      handler: (incoming, response) => incoming.pipe(response),
    });
    const client = post(gateway, { "transfer-encoding": "chunked" });
    client.write("first");
    const response = await answerTo(client);
    const [first] = (await once(response, "data")) as [Buffer];
    expect(String(first)).toBe("first");
    client.end("second");
    expect(await textOf(response)).toBe("second");
  });

  it("is ended at the route's limit", async () => {
    await using gateway = await startGateway({
      handler: tellTrailers,
      route: { maxBodyBytes: 10 },
    });
    const client = post(gateway, { "transfer-encoding": "chunked" });
    client.end("more than ten bytes");
    expect((await answerTo(client)).statusCode).toBe(413);
    expect(gateway.upstream.requests.every(({ complete }) => !complete)).toBe(true);
  });

  it("that the upstream stops reading times out after timeoutMs", async () => {
    await using gateway = await startGateway({
      handler: () => {},
      route: { timeoutMs: 200, maxBodyBytes: 1_000_000_000 },
    });
    const client = post(gateway, { "transfer-encoding": "chunked" });
    const chunk = Buffer.alloc(65_536);
    const pump = (): void => {
      while (client.write(chunk));
    };
    client.on("drain", pump);
    pump();
    const response = await answerTo(client);
    expect(response.statusCode).toBe(504);
    client.destroy();
  });

  it("that is answered before its end gets the answer, and its connection closes", async () => {
    const sockets = new Set<unknown>();
    const closed = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (incoming, response) => {
        sockets.add(incoming.socket);
        incoming.socket.on("close", () => closed.resolve());
        response.end("early");
      },
    });
    const client = post(gateway, { "transfer-encoding": "chunked" });
    client.write("begun");
    expect(await textOf(await answerTo(client))).toBe("early");
    await closed.promise;
    client.end();
    const second = post(gateway, { "transfer-encoding": "chunked" });
    second.end("x");
    expect(await textOf(await answerTo(second))).toBe("early");
    expect(sockets.size).toBe(2);
  });

  it.each([true, false])(
    "whose client leaves ends at the upstream too; whole: %s",
    async (whole) => {
      const closed = Promise.withResolvers<boolean>();
      const arrived = Promise.withResolvers<void>();
      await using gateway = await startGateway({
        handler: (incoming, response) => {
          incoming.on(whole ? "end" : "data", () => arrived.resolve()).on("error", () => {});
          incoming.resume();
          response.on("close", () => closed.resolve(incoming.complete));
        },
      });
      const client = post(gateway, { "transfer-encoding": "chunked" });
      client.write("begun");
      if (whole) client.end();
      await arrived.promise;
      client.destroy();
      expect(await closed.promise).toBe(whole);
    },
  );

  it("has a write time-out that ends when the upstream reads or answers", async () => {
    let taken = 0;
    const sizes: [size: number, reached: () => void][] = [];
    await using gateway = await startGateway({
      handler: (incoming, response) => {
        if (incoming.url === "/orders/early") {
          response.end("early");
          return;
        }
        incoming.on("data", (chunk: Buffer) => {
          taken += chunk.length;
          for (const [size, reached] of sizes) if (taken === size) reached();
        });
        incoming.on("end", () => response.end("taken"));
      },
    });
    const until = (size: number): Promise<void> =>
      new Promise((resolve) => void sizes.push([size, resolve]));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const client = post(gateway, { "transfer-encoding": "chunked" });
    client.write(Buffer.alloc(1_000_000));
    await until(1_000_000);
    // The gateway reads it when the upstream has read the first part.
    client.write("x");
    await until(1_000_001);
    vi.advanceTimersByTime(60_000);
    client.end();
    expect(await textOf(await answerTo(client))).toBe("taken");
  });

  it("gets an answer with all its headers, with any names and number", async () => {
    await using gateway = await startGateway();
    const names = ["constructor", "__proto__", ...Array.from({ length: 1_100 }, (_, n) => `x${n}`)];
    const head = names.map((name) => `${name}: 1\r\n`).join("");
    gateway.upstream.server.on("connection", (socket) => {
      socket.removeAllListeners("data");
      socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\n${head}Content-Length: 0\r\n\r\n`));
    });
    const received = await sendRaw(gateway.url, chunked(gateway, ["Connection: close"], ""));
    expect(names.filter((name) => !received.includes(`\r\n${name}: 1\r\n`))).toEqual([]);
  });

  it("ends the connection when its upstream switches protocols unrequested", async () => {
    await using gateway = await startGateway();
    const closed = Promise.withResolvers<void>();
    gateway.upstream.server.on("connection", (socket) => {
      socket.removeAllListeners("data");
      socket.once("data", () => socket.write(SWITCHING)).on("close", () => closed.resolve());
    });
    const client = post(gateway, { "transfer-encoding": "chunked" });
    client.end("body");
    expect((await answerTo(client)).statusCode).toBe(502);
    await closed.promise;
  });

  it.each([
    ["no connection", 502, "upstream-unreachable", undefined],
    ["an answer that is not HTTP", 502, "upstream-invalid", "nonsense\r\n\r\n"],
    ["a protocol that nobody asked for", 502, "upstream-invalid", SWITCHING],
    ["one without a name", 502, "upstream-invalid", "HTTP/1.1 101 Switching\r\n\r\n"],
    ["a status below 100", 502, "upstream-invalid", "HTTP/1.1 099 X\r\n\r\n"],
    ["a head and a broken body in one piece", 502, "upstream-invalid", BROKEN],
    ["half an answer", 502, "upstream-unreachable", HALF],
    ["a connection that ends", 502, "upstream-unreachable", ""],
  ])("that meets %s is answered with %i", async (_name, status, reason, answer) => {
    await using gateway = await startGateway();
    const { server } = gateway.upstream;
    if (answer === undefined) await new Promise((resolve) => server.close(resolve));
    server.on("connection", (socket) => {
      socket.removeAllListeners("data");
      socket.once("data", () => socket.end(answer ?? ""));
    });
    const client = post(gateway, { "transfer-encoding": "chunked" });
    client.end("body");
    const response = await answerTo(client);
    expect(response.statusCode).toBe(status);
    expect(JSON.parse(await textOf(response))).toMatchObject({ reason });
  });
});
