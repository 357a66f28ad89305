/**
 * How an upstream's answer is framed for the client, as bytes on both sides. The client must not see
 * headers that concern the connection to the upstream.
 */
import { describe, expect, it } from "vitest";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import { startRawUpstream } from "@breezeway/test-support/raw-upstream";
import { startGateway } from "../../test-support/start.ts";

const CHUNKS = "5\r\nwhole\r\n0\r\n\r\n";

/** The bytes that a client gets for its request when the upstream sends this answer. */
async function answered(answer: string, requestLine: string, ...lines: string[]): Promise<string> {
  await using upstream = await startRawUpstream((socket) => socket.write(answer, "latin1"));
  await using gateway = await startGateway({ route: { upstream: upstream.url } });
  const authorization = `Authorization: Bearer ${gateway.tokens.token()}`;
  const text = [requestLine, "Host: g", authorization, ...lines, "", ""].join("\r\n");
  return await sendRaw(gateway.url, text);
}

const fieldsOf = (received: string, name: string): string[] =>
  Array.from(
    received.matchAll(new RegExp(`^${name}: (.*)\\r$`, "gim")),
    ([, value]) => value ?? "",
  );

describe("a chunked answer", () => {
  const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`;

  it("is chunked for an HTTP/1.1 client, with one Transfer-Encoding", async () => {
    const received = await answered(answer, "GET /orders HTTP/1.1", "Connection: close");
    expect(fieldsOf(received, "transfer-encoding")).toEqual(["chunked"]);
    expect(received.endsWith(`\r\n\r\n${CHUNKS}`)).toBe(true);
  });

  it("is not chunked for an HTTP/1.0 client", async () => {
    const received = await answered(answer, "GET /orders HTTP/1.0");
    expect(fieldsOf(received, "transfer-encoding")).toEqual([]);
    expect(received.endsWith("\r\n\r\nwhole")).toBe(true);
  });

  it("has no coding when it has no body", async () => {
    const head = await answered(answer, "HEAD /orders HTTP/1.1", "Connection: close");
    expect(statusOf(head)).toBe(200);
    expect(fieldsOf(head, "transfer-encoding")).toEqual([]);
    const empty = answer.replace("200 OK", "204 No Content");
    const received = await answered(empty, "GET /orders HTTP/1.1", "Connection: close");
    expect(statusOf(received)).toBe(204);
    expect(fieldsOf(received, "transfer-encoding")).toEqual([]);
    expect(received.endsWith("\r\n\r\n")).toBe(true);
  });
});

describe("an upstream's connection headers", () => {
  it.each([
    ["", "timeout=600, max=9"],
    ["Connection: keep-alive, x-hop\r\n", "timeout=600"],
  ])("do not reach the client, with %j", async (connection, keepAlive) => {
    const hop = `Keep-Alive: ${keepAlive}\r\nProxy-Connection: keep-alive\r\nX-Hop: 1\r\n`;
    const answer = `HTTP/1.1 200 OK\r\n${connection}${hop}Content-Length: 5\r\n\r\nwhole`;
    const received = await answered(answer, "GET /orders HTTP/1.1", "Connection: close");
    expect(received).toMatch(/\r\n\r\nwhole$/);
    expect(fieldsOf(received, "keep-alive")).toEqual([]);
    expect(fieldsOf(received, "proxy-connection")).toEqual([]);
    expect(fieldsOf(received, "connection")).toEqual(["close"]);
    expect(fieldsOf(received, "x-hop")).toEqual(connection === "" ? ["1"] : []);
  });
});

describe("an answer without a body", () => {
  it("has no length when it is 204, even if the upstream sends one", async () => {
    const answer = "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nwhole";
    const received = await answered(answer, "GET /orders HTTP/1.1", "Connection: close");
    expect(statusOf(received)).toBe(204);
    expect(fieldsOf(received, "content-length")).toEqual([]);
    expect(received.endsWith("\r\n\r\n")).toBe(true);
  });

  it.each([
    ["HEAD", "200 OK"],
    ["GET", "304 Not Modified"],
  ])("keeps the length of the omitted body: %s with %s", async (method, status) => {
    const answer = `HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\n`;
    const received = await answered(answer, `${method} /orders HTTP/1.1`, "Connection: close");
    expect(fieldsOf(received, "content-length")).toEqual(["5"]);
    expect(received.endsWith("\r\n\r\n")).toBe(true);
  });
});

it.each(["600 Odd", "999 Odd", "1000 Odd", "20 Odd"])(
  "refuses an answer of the status %s, by socket and by fetch",
  async (status) => {
    const answer = `HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\nwhole`;
    const received = await answered(answer, "GET /orders HTTP/1.1", "Connection: close");
    expect(received).toMatch(/^HTTP\/1\.1 502 .*upstream-invalid/s);
    await using upstream = await startRawUpstream((socket) => socket.write(answer, "latin1"));
    await using gateway = await startGateway({ route: { upstream: upstream.url } });
    const authorization = `Bearer ${gateway.tokens.token()}`;
    const request = new Request(`${gateway.url}/orders`, { headers: { authorization } });
    const response = await gateway.server.gateway.fetch(request);
    expect(response.status).toBe(502);
  },
);

it.each([
  ...["Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5, 5", "Content-Length: +5"],
  ...["Content-Length: 0x5", "Content-Length: -5", "Content-Length: 5 6", "Content-Length: "],
  ...["Content-Length : 5", "Content-Length:\r\n 5", `Content-Length: ${"9".repeat(20)}`],
  ...["X-A: 1\r\n folded\r\nContent-Length: 5", "X-A: a\rX-B: b\r\nContent-Length: 5"],
])("refuses an answer that is framed by %j", async (fields) => {
  const answer = `HTTP/1.1 200 OK\r\n${fields}\r\n\r\nwhole`;
  for (const method of ["GET", "HEAD"]) {
    const received = await answered(answer, `${method} /orders HTTP/1.1`, "Connection: close");
    expect(statusOf(received)).toBe(502);
  }
});

it("drops trailers of an upstream in fetch, and keeps the whole body", async () => {
  const answer =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\nKeep-Alive: x\r\n\r\n";
  const trailed = CHUNKS.replace("0\r\n", "0\r\nx-sum: 7\r\n");
  await using upstream = await startRawUpstream((socket) => socket.write(answer + trailed));
  await using gateway = await startGateway({ route: { upstream: upstream.url } });
  const authorization = `Bearer ${gateway.tokens.token()}`;
  const response = await gateway.server.gateway.fetch(
    new Request(`${gateway.url}/orders`, { headers: { authorization } }),
  );
  expect(await response.text()).toBe("whole");
  for (const name of ["trailer", "transfer-encoding", "keep-alive", "x-sum"]) {
    expect(response.headers.has(name), name).toBe(false);
  }
});
