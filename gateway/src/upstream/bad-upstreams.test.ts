/** Misbehaving upstreams, each with the reason that the caller and the metrics see. */
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import { startRawUpstream } from "@breezeway/test-support/raw-upstream";
import type { Echo } from "@breezeway/test-support/upstream";
import { startGateway } from "../../test-support/start.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok";

const cases: [string, string | ((socket: Socket) => void), number, string][] = [
  ["resets the connection", (socket) => socket.resetAndDestroy(), 502, "upstream-unreachable"],
  ["closes without an answer", (socket) => socket.end(), 502, "upstream-unreachable"],
  ["never answers", () => {}, 504, "upstream-timeout"],
  ["answers garbage", "SSH-2.0-OpenSSH\r\n\r\n", 502, "upstream-invalid"],
  [
    "answers HTTP/2",
    Buffer.from("000000040000000000", "hex").toString("latin1"),
    502,
    "upstream-invalid",
  ],
  [
    "sends two lengths",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    502,
    "upstream-invalid",
  ],
  [
    "sends a length and an encoding",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    502,
    "upstream-invalid",
  ],
  ...[
    "gzip, chunked",
    "gzip",
    "identity",
    "chunked, chunked",
    "chunked\r\nTransfer-Encoding: chunked",
  ].map((coding): (typeof cases)[number] => [
    `sends an answer of the coding ${JSON.stringify(coding)}`,
    (socket) => {
      const head = `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n`;
      socket.end(`${head}2\r\nab\r\n0\r\n\r\n`);
    },
    502,
    "upstream-invalid",
  ]),
  ["sends a header without a colon", "HTTP/1.1 200 OK\r\nbroken\r\n\r\n", 502, "upstream-invalid"],
  [
    "sends a NUL in a header",
    "HTTP/1.1 200 OK\r\nX-A: \0\r\nContent-Length: 0\r\n\r\n",
    502,
    "upstream-invalid",
  ],
  [
    "sends 20 kB of headers",
    `HTTP/1.1 200 OK\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`,
    502,
    "upstream-invalid",
  ],
  ["sends headers without end", "HTTP/1.1 200 OK\r\nX-A: ", 504, "upstream-timeout"],
];

// Chunked bodies go to the upstream through another client.
const ways: [string, () => RequestInit][] = [
  ["a request without a body", () => ({})],
  ["a body with a length", () => ({ method: "POST", body: "body" })],
  [
    "a body in chunks",
    () => ({ method: "POST", body: new Blob(["body"]).stream(), duplex: "half" }) as RequestInit,
  ],
];

describe.each(ways)("for %s, an upstream that", (_way, init) => {
  it.each(cases)("%s gets the right status and reason", async (_name, answer, status, reason) => {
    await using upstream = await startRawUpstream((socket) => {
      if (typeof answer === "string") socket.write(answer, "latin1");
      else answer(socket);
    });
    // A busy machine may take longer than this to notice the fault.
    const route = { upstream: upstream.url, ...(status === 504 ? { timeoutMs: 100 } : {}) };
    await using gateway = await startGateway({ route });
    const response = await gateway.request("/orders", init());
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ reason, action: "wait" });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain(`{route="/orders",status="${status}",reason="${reason}"} 1`);
  });

  it("appends a second answer does not get it to the next caller", async () => {
    const smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    await using upstream = await startRawUpstream((socket, count) => {
      const body = `good${count}`;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}${smuggled}`);
    });
    await using gateway = await startGateway({ route: { upstream: upstream.url } });
    for (let count = 1; count <= 5; count += 1) {
      const response = await gateway.request("/orders", init());
      const text = response.status === 200 ? await response.text() : "";
      expect(text).not.toContain("evil");
    }
  });

  it("sends bytes on an idle connection loses the connection", async () => {
    const unasked = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    const closed = Promise.withResolvers<void>();
    let first: Socket | undefined;
    await using upstream = await startRawUpstream((socket) => {
      first ??= socket.on("close", () => closed.resolve());
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
    });
    await using gateway = await startGateway({ route: { upstream: upstream.url } });
    expect(await (await gateway.request("/orders", init())).text()).toBe("good");
    first?.write(unasked);
    await closed.promise;
    expect(await (await gateway.request("/orders", init())).text()).toBe("good");
  });
});

describe("an upstream that", () => {
  it("never answers gets no more requests after a while", async () => {
    await using gateway = await startGateway({
      handler: () => {},
      route: { timeoutMs: 100 },
      gateway: { limits: { circuitFailures: 2, circuitOpenMs: 60_000 } },
    });
    const both = await Promise.all([gateway.request("/orders"), gateway.request("/orders")]);
    expect(both.map(({ status }) => status)).toEqual([504, 504]);
    expect((await gateway.request("/orders")).status).toBe(502);
    expect(gateway.upstream.requests).toHaveLength(2);
  });

  it("stops reading the request body times out", async () => {
    await using upstream = await startRawUpstream((socket) => socket.pause());
    await using gateway = await startGateway({ route: { upstream: upstream.url, timeoutMs: 100 } });
    const body = Buffer.alloc(9_000_000);
    const response = await gateway.request("/orders", { method: "POST", body });
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ reason: "upstream-timeout" });
  });

  it("closes an idle connection while it is reused gets the request again", async () => {
    await using upstream = await startRawUpstream((socket, count) => {
      if (count === 2) socket.resetAndDestroy();
      else socket.write(OK);
    });
    await using gateway = await startGateway({ route: { upstream: upstream.url } });
    expect((await gateway.request("/orders")).status).toBe(200);
    expect((await gateway.request("/orders")).status).toBe(200);
    expect(upstream.connections).toBe(2);
  });

  it("has closed all its idle connections gets the request again on a new one", async () => {
    const sockets: Socket[] = [];
    const both = Promise.withResolvers<void>();
    await using upstream = await startRawUpstream((socket) => {
      const isOld = sockets.length === 2;
      if (isOld && sockets.includes(socket)) socket.resetAndDestroy();
      else if (isOld) socket.write(OK);
      else if (sockets.push(socket) === 2) both.resolve();
    });
    await using gateway = await startGateway({ route: { upstream: upstream.url } });
    const two = [gateway.request("/orders"), gateway.request("/orders")];
    await both.promise;
    for (const socket of sockets) socket.write(OK);
    for (const response of await Promise.all(two)) expect(await response.text()).toBe("ok");
    expect((await gateway.request("/orders")).status).toBe(200);
    expect(upstream.connections).toBe(3);
  });

  it.each([
    ["resets a write", "DELETE", "", 502],
    ["resets a read with a body", "GET", "body", 502],
    ["answers a read with garbage", "GET", "", 502],
    ["breaks off its answer to a read", "GET", "", 502],
  ])("%s does not get the request again", async (what, method, body, status) => {
    await using upstream = await startRawUpstream((socket) => {
      if (what.startsWith("resets")) socket.resetAndDestroy();
      else if (what.startsWith("answers")) socket.end("garbage\r\n\r\n");
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", () => socket.end());
    });
    await using gateway = await startGateway({ route: { upstream: upstream.url } });
    const headers = [
      `Authorization: Bearer ${gateway.tokens.token({ scope: "orders:read orders:write" })}`,
    ];
    if (body !== "") headers.push(`Content-Length: ${body.length}`);
    const lines = [
      `${method} /orders HTTP/1.1`,
      "Host: g",
      "Connection: close",
      ...headers,
      "",
      body,
    ];
    expect(statusOf(await sendRaw(gateway.url, lines.join("\r\n")))).toBe(status);
    expect(upstream.connections).toBe(1);
  });
});

describe("identities of any kind", () => {
  it.each(["a\r\nX-Breezeway-User: root", "Ł", "a, b", "root%00", " ", "日本", "%41"])(
    "arrive as themselves: %j",
    async (userId) => {
      await using gateway = await startGateway();
      const token = gateway.tokens.token({ sub: userId, userId });
      const response = await gateway.request("/orders", {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(response.status).toBe(200);
      const { rawHeaders } = (await response.json()) as Echo;
      const values = rawHeaders.filter((_, index) => rawHeaders[index - 1] === "x-breezeway-user");
      expect(values.map((value) => decodeURIComponent(value))).toEqual([userId]);
    },
  );
});
