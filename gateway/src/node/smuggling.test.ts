/**
 * Requests that two servers in a row could read differently, as bytes on a socket. None of them may reach
 * the upstream, and no byte after one may be read as another request.
 */
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import { startGateway } from "../../test-support/start.ts";

const get = (path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, "Host: gateway", ...headers, "", ""].join("\r\n");
const post = (...headers: string[]): string =>
  ["POST /orders HTTP/1.1", "Host: gateway", ...headers, "", ""].join("\r\n");

const smuggled = "0\r\n\r\nGET /orders/smuggled HTTP/1.1\r\nHost: gateway\r\n\r\n";

describe("ambiguous requests", () => {
  const cases: [string, string, number][] = [
    [
      "Content-Length with Transfer-Encoding",
      post("Content-Length: 5", "Transfer-Encoding: chunked") + smuggled,
      400,
    ],
    [
      "Transfer-Encoding with Content-Length",
      post("Transfer-Encoding: chunked", "Content-Length: 5") + smuggled,
      400,
    ],
    ["two lengths that differ", post("Content-Length: 5", "Content-Length: 6") + "12345", 400],
    ["two lengths that agree", post("Content-Length: 5", "Content-Length: 5") + "12345", 400],
    ["a list of lengths", post("Content-Length: 5, 5") + "12345", 400],
    ["a length with a sign", post("Content-Length: +5") + "12345", 400],
    ["a negative length", post("Content-Length: -5") + "12345", 400],
    ["a hexadecimal length", post("Content-Length: 0x5") + "12345", 400],
    ["a space before the colon", post("Content-Length : 5") + "12345", 400],
    [
      "a space before the colon of the encoding",
      post("Transfer-Encoding : chunked") + smuggled,
      400,
    ],
    ["an unknown encoding", post("Transfer-Encoding: xchunked") + smuggled, 400],
    ["an encoding behind chunked", post("Transfer-Encoding: chunked, identity") + smuggled, 400],
    [
      "two encodings",
      post("Transfer-Encoding: chunked", "Transfer-Encoding: identity") + smuggled,
      400,
    ],
    ["an encoding in a folded line", post("Transfer-Encoding:\r\n chunked") + smuggled, 400],
    ["an encoding behind a vertical tab", post("Transfer-Encoding: \x0bchunked") + smuggled, 400],
    ["a folded header", get("/orders", "X-A: 1\r\n X-B: 2"), 400],
    ["line feeds without carriage returns", get("/orders").replaceAll("\r\n", "\n"), 400],
    ["one bare line feed between headers", get("/orders", "X-A: 1\nX-B: 2"), 400],
    ["a bare carriage return in a value", get("/orders", "X-A: 1\rX-B: 2"), 400],
    ["a NUL in a value", get("/orders", "X-A: 1\0"), 400],
    ["a header without a name", get("/orders", ": x"), 400],
    ["a header without a colon", get("/orders", "X-A"), 400],
    ["a space in a name", get("/orders", "X A: 1"), 400],
    [
      "a chunk size that is not hexadecimal",
      post("Transfer-Encoding: chunked") + "Z\r\nabc\r\n0\r\n\r\n",
      400,
    ],
    [
      "a chunk size with a sign",
      post("Transfer-Encoding: chunked") + "+3\r\nabc\r\n0\r\n\r\n",
      400,
    ],
    ["a chunk size with 0x", post("Transfer-Encoding: chunked") + "0x3\r\nabc\r\n0\r\n\r\n", 400],
    [
      "a chunk size that overflows",
      post("Transfer-Encoding: chunked") + "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
      400,
    ],
    [
      "a chunk longer than its size",
      post("Transfer-Encoding: chunked") + "2\r\nabc\r\n0\r\n\r\n",
      400,
    ],
    [
      "a chunk that ends in a bare line feed",
      post("Transfer-Encoding: chunked") + "3\nabc\n0\n\n",
      400,
    ],
    ["two hosts", get("/orders", "Host: other"), 400],
    ["an invalid host", "GET /orders HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
    ["no host", "GET /orders HTTP/1.1\r\n\r\n", 400],
    ["an absolute target", get("http://gateway/orders"), 400],
    ["an asterisk", "OPTIONS * HTTP/1.1\r\nHost: gateway\r\n\r\n", 400],
    ["two slashes", get("//orders"), 400],
    ["a backslash", get("/orders\\..\\admin"), 400],
    ["a dot segment", get("/orders/../admin"), 400],
    ["an encoded dot segment", get("/orders/%2e%2e/admin"), 400],
    ["an encoded slash", get("/orders%2f..%2fadmin"), 400],
    ["a tab in the target", get("/orders\t/x"), 400],
    ["an unknown version", "GET /orders HTTP/1.9\r\nHost: gateway\r\n\r\n", 400],
    [
      "a length and an encoding in HTTP/1.0",
      "POST /orders HTTP/1.0\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
      400,
    ],
    [
      "chunks in HTTP/1.0",
      "POST /orders HTTP/1.0\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      400,
    ],
    ["a request line of HTTP/2", get("/orders").replace("1.1", "2.0"), 400],
    ["TRACE", get("/orders").replace("GET", "TRACE"), 405],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["TLS", Buffer.from("160301008d010000890303", "hex").toString("latin1"), 400],
    ["an expectation of something else", post("Expect: 200-maybe", "Content-Length: 1"), 400],
  ];
  it.each(cases)("refuses %s", async (_name, text, status) => {
    await using gateway = await startGateway();
    const authorization = `\r\nAuthorization: Bearer ${gateway.tokens.token()}`;
    const withToken = text.replace("\r\nHost: gateway", `\r\nHost: gateway${authorization}`);
    // An answer to this last request would show that the gateway skipped the first one.
    const received = await sendRaw(gateway.url, Buffer.from(withToken, "latin1"), /\r\n\r\n.*\}$/s);
    expect(statusOf(received)).toBe(status);
    expect(received).toContain("application/problem+json");
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    const arrived = gateway.upstream.requests.filter((request) => request.complete);
    expect(arrived).toEqual([]);
  });

  it.each([
    ["0", "", "0"],
    ["00", "", "0"],
    ["003", "abc", "3"],
    ["3\t", "abc", "3"],
  ])("forwards the length %j in one spelling", async (length, body, arrives) => {
    await using gateway = await startGateway();
    const text = post(
      `Authorization: Bearer ${gateway.tokens.token()}`,
      ...["Connection: close", `Content-Length: ${length}`],
    );
    const received = await sendRaw(gateway.url, text + body);
    expect(statusOf(received)).toBe(200);
    expect(received).toContain(`"body":"${body}"`);
    expect(gateway.upstream.requests[0]?.headers["content-length"]).toBe(arrives);
  });

  it("accepts HTTP/1.0 requests with a clear end, as reverse proxies send them", async () => {
    await using gateway = await startGateway();
    const lines = ["Host: gateway", `Authorization: Bearer ${gateway.tokens.token()}`];
    for (const text of [
      ["GET /orders HTTP/1.0", ...lines, "", ""],
      ["POST /orders HTTP/1.0", ...lines, "Content-Length: 3", "", "abc"],
    ]) {
      expect(statusOf(await sendRaw(gateway.url, text.join("\r\n")))).toBe(200);
    }
  });

  it("closes the connection on CONNECT", async () => {
    await using gateway = await startGateway();
    const text = "CONNECT evil.example:443 HTTP/1.1\r\nHost: gateway\r\n\r\n";
    expect(await sendRaw(gateway.url, text)).toBe("");
  });

  it("ends a started answer when the request body turns out malformed", async () => {
    await using gateway = await startGateway({
      handler: (_request, response) => {
        response.write("begun");
      },
    });
    const authorization = `Authorization: Bearer ${gateway.tokens.token()}`;
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    socket.write(post(authorization, "Transfer-Encoding: chunked") + "3\r\nabc\r\n");
    let received = "";
    for await (const chunk of socket.setEncoding("latin1")) {
      received += String(chunk);
      if (received.includes("begun")) socket.write("Z\r\n");
    }
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(received).not.toContain("0\r\n\r\n");
  });

  it("frames the request itself for the upstream", async () => {
    await using gateway = await startGateway();
    const text = post(
      `Authorization: Bearer ${gateway.tokens.token()}`,
      "Transfer-Encoding: chunked",
      "Connection: close",
    );
    const body = "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Tenant-ID: globex\r\n\r\n";
    const received = await sendRaw(gateway.url, text + body);
    expect(statusOf(received)).toBe(200);
    const [request] = gateway.upstream.requests;
    expect(request?.headers["transfer-encoding"]).toBe("chunked");
    expect(request?.headers["x-tenant-id"]).toBe("acme");
    expect(request?.trailers).toEqual({});
  });

  it("keeps two pipelined requests of one connection separate", async () => {
    await using gateway = await startGateway();
    const first = get("/orders/1", `Authorization: Bearer ${gateway.tokens.token()}`);
    const second = get(
      "/orders/2",
      `Authorization: Bearer ${gateway.tokens.token({ sub: "bob", userId: "bob" })}`,
      "Connection: close",
    );
    const received = await sendRaw(gateway.url, first + second);
    expect(received.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    const seen = gateway.upstream.requests.map((request) => [
      request.url,
      request.headers["x-breezeway-user"],
    ]);
    expect(seen.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      ["/orders/1", "alice"],
      ["/orders/2", "bob"],
    ]);
  });
});

describe("header limits", () => {
  it("refuses headers beyond 16 kB", async () => {
    await using gateway = await startGateway();
    const received = await sendRaw(
      gateway.url,
      get("/orders", `X-A: ${"a".repeat(20_000)}`),
      /\}$/,
    );
    expect(statusOf(received)).toBe(431);
    expect(received).toContain("headers-too-large");
  });

  it("refuses more than 200 fields", async () => {
    await using gateway = await startGateway();
    // With thousands of fields, Node delivers the first one thousand.
    for (const count of [201, 1_500]) {
      const fields = Array.from({ length: count }, (_, index) => `${index.toString(36)}:`);
      expect(statusOf(await sendRaw(gateway.url, get("/orders", ...fields), /\}$/))).toBe(431);
    }
  });
});
