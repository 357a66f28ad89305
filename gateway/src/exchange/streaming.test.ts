import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startGateway, TICKING, type TestGateway } from "../../test-support/start.ts";

const MIB = 1024 * 1024;

afterEach(() => void vi.useRealTimers());

function open(
  gateway: TestGateway,
  path: string,
  init: { method?: string; headers?: object } = {},
) {
  return httpRequest(gateway.url + path, {
    agent: false,
    method: init.method ?? "GET",
    headers: { authorization: `Bearer ${gateway.tokens.token()}`, ...init.headers },
  });
}

async function answerTo(request: ReturnType<typeof httpRequest>): Promise<IncomingMessage> {
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

describe("bodies", () => {
  it("pass through unchanged in both directions", async () => {
    await using gateway = await startGateway({
      handler: (request, response) => void request.pipe(response),
      route: { maxBodyBytes: 64 * MIB },
    });
    const request = open(gateway, "/orders", { method: "POST" });
    const sent = createHash("sha256");
    const received = createHash("sha256");
    const done = (async () => {
      for await (const chunk of await answerTo(request)) received.update(chunk as Buffer);
    })();
    for (let count = 0; count < 24; count += 1) {
      const chunk = randomBytes(300_001);
      sent.update(chunk);
      if (!request.write(chunk)) await once(request, "drain");
    }
    request.end();
    await done;
    expect(received.digest("hex")).toBe(sent.digest("hex"));
  });

  it("stop at the upstream when the client reads slowly", async () => {
    let written = 0;
    const paused = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (_request, response) => {
        const chunk = Buffer.alloc(64 * 1024);
        const fill = (): void => {
          let isTaken = true;
          while (isTaken && written < 512 * MIB) {
            isTaken = response.write(chunk);
            written += chunk.length;
          }
          // The back pressure has reached the upstream when this does not drain for a while.
          const timer = setTimeout(paused.resolve, 300);
          response.once("drain", () => (clearTimeout(timer), fill()));
        };
        fill();
      },
    });
    const request = open(gateway, "/orders").end();
    const response = await answerTo(request);
    response.pause();
    await paused.promise;
    expect(written).toBeLessThan(64 * MIB);
    request.destroy();
  });

  it("stop at the client when the upstream reads slowly", async () => {
    await using gateway = await startGateway({
      handler: (request) => void request.pause(),
      route: { maxBodyBytes: 512 * MIB },
    });
    const request = open(gateway, "/orders", { method: "POST" });
    request.on("error", () => {});
    const chunk = Buffer.alloc(64 * 1024);
    let written = 0;
    let isStuck = false;
    while (!isStuck && written < 512 * MIB) {
      written += chunk.length;
      if (request.write(chunk)) continue;
      const timeout = new Promise<boolean>((resolve) => setTimeout(resolve, 300, true));
      isStuck = await Promise.race([timeout, once(request, "drain").then(() => false)]);
    }
    expect(written).toBeLessThan(64 * MIB);
    request.destroy();
  });
});

const NOT_OF_A_SERVICE = [
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "upgrade",
  "http2-settings",
  "accept-ch",
  "alt-svc",
  "clear-site-data",
  "nel",
  "public-key-pins",
  "report-to",
  "set-login",
  "strict-transport-security",
  "x-accel-redirect",
  "x-lighttpd-send-file",
  "x-reproxy-url",
  "x-sendfile",
  "x-tenant-id",
];

const OF_NODE = new Set(["connection", "content-length", "date", "keep-alive"]);

describe("answers", () => {
  it("arrive chunk by chunk, as server-sent events need", async () => {
    const next = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (_request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("data: 1\n\n");
        void next.promise.then(() => response.end("data: 2\n\n"));
      },
    });
    const response = await gateway.request("/orders");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe("data: 1\n\n");
    next.resolve();
    expect((await reader.read()).value).toBe("data: 2\n\n");
    expect((await reader.read()).done).toBe(true);
  });

  it("begin before the upstream has any body to send", async () => {
    await using gateway = await startGateway({
      handler: (_request, response) => response.writeHead(200).flushHeaders(),
    });
    const response = await gateway.request("/orders");
    expect(response.status).toBe(200);
    await response.body!.cancel();
  });

  it("carry their trailers, without those that belong in the head", async () => {
    await using gateway = await startGateway({
      handler: (_request, response) => {
        response.writeHead(200, { trailer: "x-checksum" });
        response.write("body");
        const others = NOT_OF_A_SERVICE.map((name): [string, string] => [name, "x"]);
        response.addTrailers([["x-checksum", "abc"], ["set-cookie", "a=b"], ...others]);
        response.end();
      },
    });
    const response = await answerTo(open(gateway, "/orders").end());
    response.resume();
    await once(response, "end");
    expect(response.headers).not.toHaveProperty("trailer");
    expect(response.headers["transfer-encoding"]).toBe("chunked");
    expect(response.trailers).toEqual({ "x-checksum": "abc" });
  });

  it("arrive while the upload continues, and the connection stays usable", async () => {
    await using gateway = await startGateway({
      handler: (request, response) => {
        if (request.method === "POST") response.statusCode = 409;
        response.end("done");
      },
    });
    const token = gateway.tokens.token();
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1").setEncoding("latin1");
    const head = (method: string) =>
      `${method} /orders HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${token}\r\n`;
    socket.write(`${head("POST")}Content-Length: 100000\r\n\r\nfirst part`);
    let received = "";
    for await (const chunk of socket) {
      received += String(chunk);
      if (received.endsWith("done") && !received.includes("HTTP/1.1 200")) {
        socket.write(Buffer.alloc(100_000 - "first part".length, "x"));
        socket.write(`${head("GET")}Connection: close\r\n\r\n`);
      }
    }
    expect(received.match(/HTTP\/1\.1 \d{3}/g)).toEqual(["HTTP/1.1 409", "HTTP/1.1 200"]);
  });

  it("that stop are ended after idleTimeoutMs, even if the upload ended after they began", async () => {
    vi.useFakeTimers({ toFake: TICKING });
    await using gateway = await startGateway({
      handler: (_request, response) => void response.write("begun"),
      route: { idleTimeoutMs: 100 },
    });
    const request = open(gateway, "/orders", { method: "POST", headers: { "content-length": 10 } });
    request.write("first");
    const response = await answerTo(request);
    const [upload] = gateway.upstream.requests;
    request.end("later");
    await upload?.toArray();
    vi.advanceTimersByTime(500);
    await expect(response.toArray()).rejects.toThrow("aborted");
  });

  it("end an endless upload", async () => {
    await using gateway = await startGateway();
    const request = open(gateway, "/orders", {
      method: "POST",
      headers: { authorization: "Bearer x", "transfer-encoding": "chunked" },
    });
    let written = 0;
    const closed = new Promise((resolve) => request.on("error", resolve));
    const chunk = Buffer.alloc(64 * 1024);
    const pump = (): void => {
      while (request.write(chunk)) written += chunk.length;
    };
    request.on("drain", pump);
    pump();
    await closed;
    expect(written).toBeLessThan(64 * MIB);
    expect(gateway.upstream.requests).toEqual([]);
  });

  it("without a body get none", async () => {
    await using gateway = await startGateway({
      handler: (request, response) => {
        response.writeHead(request.url === "/orders/304" ? 304 : 204, { etag: '"x"' }).end();
      },
    });
    expect((await gateway.request("/orders/304")).status).toBe(304);
    expect((await gateway.request("/orders/204")).status).toBe(204);
    const head = await gateway.request("/orders/204", { method: "HEAD" });
    expect(head.headers.get("etag")).toBe('"x"');
  });

  it("lose hop-by-hop, CORS, identity and cookie headers of the upstream", async () => {
    await using gateway = await startGateway({
      handler: (_request, response) => {
        response.setHeader("connection", "keep-alive, X-Private");
        response.setHeader("x-private", "1");
        response.setHeader("access-control-allow-origin", "*");
        response.setHeader("access-control-allow-credentials", "true");
        response.setHeader("x-breezeway-user", "mallory");
        const stolen = ["breezeway=1", "=breezeway=2", " = breezeway=3", "breezeway", "=theme=4"];
        response.setHeader("set-cookie", [...stolen, "theme=dark"]);
        for (const name of NOT_OF_A_SERVICE) response.setHeader(name, "x");
        response.setHeader("vary", "accept-encoding");
        response.end();
      },
      routes: [{ prefix: "/cookies", forwardCookies: true }],
    });
    const response = await gateway.request("/orders");
    const names = [...response.headers.keys()].filter((name) => !OF_NODE.has(name));
    expect(names).toEqual(["vary", "x-breezeway-request-id"]);
    expect(response.headers.get("keep-alive")).not.toContain("x");
    expect(response.headers.get("vary")).toBe("accept-encoding, origin");
    const cookies = await gateway.request("/cookies");
    expect(cookies.headers.getSetCookie()).toEqual(["theme=dark"]);
  });
});

describe("100-continue", () => {
  it("is sent once the request is allowed, and not before", async () => {
    await using gateway = await startGateway();
    const good = open(gateway, "/orders", {
      method: "POST",
      headers: { expect: "100-continue", "content-length": 4 },
    });
    good.flushHeaders();
    await once(good, "continue");
    good.end("body");
    expect((await answerTo(good)).statusCode).toBe(200);
    expect(gateway.upstream.requests[0]?.headers["expect"]).toBeUndefined();

    const bad = open(gateway, "/orders", {
      method: "POST",
      headers: { expect: "100-continue", "content-length": 4, authorization: "Bearer x" },
    });
    let wasContinued = false;
    bad.on("continue", () => (wasContinued = true));
    bad.flushHeaders();
    const refused = await answerTo(bad);
    expect(refused.statusCode).toBe(401);
    expect(refused.headers.connection).toBe("close");
    expect(wasContinued).toBe(false);
    bad.destroy();
  });
});

describe("aborts", () => {
  it("of the client reach the upstream, before and during the answer", async () => {
    const closed: string[] = [];
    const two = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (request, response) => {
        if (request.url === "/orders/during") response.write("begun");
        response.on("close", () => {
          closed.push(request.url ?? "");
          if (closed.length === 2) two.resolve();
        });
      },
    });
    const before = open(gateway, "/orders/before").end();
    before.on("error", () => {});
    while (gateway.upstream.requests.length === 0) await new Promise(setImmediate);
    before.destroy();
    const during = open(gateway, "/orders/during").end();
    during.on("error", () => {});
    await answerTo(during);
    during.destroy();
    await two.promise;
    expect(closed).toEqual(["/orders/before", "/orders/during"]);
  });

  it.each(["with a length", "in chunks"])(
    "of the upstream cut an answer %s, so that the client sees it is not whole",
    async (how) => {
      await using gateway = await startGateway({
        handler: (_request, response) => {
          if (how === "with a length") response.setHeader("content-length", "100000");
          response.write("begun", () => response.destroy());
        },
      });
      const response = await gateway.request("/orders");
      expect(response.status).toBe(200);
      await expect(response.text()).rejects.toThrow("terminated");
    },
  );

  it("of the upstream in a short answer become a refusal, since no byte was sent", async () => {
    await using gateway = await startGateway({
      handler: (_request, response) => {
        response.setHeader("content-length", "1000");
        response.setHeader("x-private", "1");
        response.write("begun", () => response.destroy());
      },
    });
    const response = await gateway.request("/orders", { method: "POST" });
    expect(response.status).toBe(502);
    expect(response.headers.get("x-private")).toBeNull();
    expect(await response.json()).toMatchObject({
      reason: expect.stringMatching(/^upstream-/) as string,
    });
  });
});
