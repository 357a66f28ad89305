import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
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

const HEAD_ONLY = [
  "Content-Disposition",
  "Content-Encoding",
  "Content-Language",
  "Content-Location",
  "Content-Range",
  "Content-Security-Policy",
  "Content-Type",
  "Cache-Control",
  "Max-Forwards",
  "Pragma",
  "Prefer",
  "Priority",
  "Range",
  "API-Key",
  "DPoP",
  "Referer",
  "User-Agent",
  "X-API-Key",
  "X-CSRF-Token",
  "X-XSRF-Token",
  "Age",
  "Date",
  "Expires",
  "Location",
  "Retry-After",
  "Set-Cookie",
  "Strict-Transport-Security",
  "Vary",
  "Warning",
  "WWW-Authenticate",
];

const bodyOf = (received: string): unknown =>
  JSON.parse(received.slice(received.indexOf("{"), received.lastIndexOf("}") + 1));

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

describe("trailers of a request", () => {
  it.each([
    ["that were announced", ["Trailer: Content-Digest"], "content-digest"],
    ["that were not announced", [], null],
  ])("%s arrive after the body", async (_name, lines, trailer) => {
    await using gateway = await startGateway({ handler: tellTrailers });
    const text = chunked(
      gateway,
      ["Connection: close", ...lines],
      "Content-Digest: sha-256=:x:\r\n",
    );
    const received = await sendRaw(gateway.url, text);
    expect(statusOf(received)).toBe(200);
    expect(bodyOf(received)).toMatchObject({ trailers: { "content-digest": "sha-256=:x:" } });
    expect(bodyOf(received)).toHaveProperty("trailer", trailer);
  });

  it("arrive without those about the caller, the framing or the routing", async () => {
    await using gateway = await startGateway({ handler: tellTrailers });
    const bad = [
      "X-Breezeway-User: mallory",
      "X_Breezeway_Scope: admin",
      "X-Tenant-ID: globex",
      "Host: evil.example",
      "X-Forwarded-For: 10.0.0.1",
      "X-HTTP-Method-Override: DELETE",
      "Origin: https://evil.example",
      "Authorization: Bearer other",
      "Cookie: breezeway=1",
      "Trailer: x-more",
      ...HEAD_ONLY.map((name) => `${name}: x`),
      "Content_Type: text/html",
      "If-Match: x",
      "If_None_Match: x",
      "Accept: x",
      "Accept-Encoding: gzip",
      "Sec-Fetch-Site: same-origin",
      "Access-Control-Allow-Origin: *",
      "X-Private: 1",
    ];
    const lines = [
      "Connection: close, X-Private",
      `Trailer: X-Checksum, ${bad.map((line) => line.split(":")[0]).join(", ")}, no token`,
    ];
    const trailers = [...bad, "X-Checksum: 1", ""].join("\r\n");
    const received = await sendRaw(gateway.url, chunked(gateway, lines, trailers));
    expect(bodyOf(received)).toEqual({
      trailers: { "x-checksum": "1" },
      trailer: "x-checksum",
      te: null,
    });
  });

  it.each(["Content-Length: 3", "Transfer-Encoding: chunked"])(
    "that would change the framing of the body do not arrive: %s",
    async (line) => {
      await using gateway = await startGateway({ handler: tellTrailers });
      const received = await sendRaw(
        gateway.url,
        chunked(gateway, ["Connection: close"], `${line}\r\n`),
      );
      if (statusOf(received) === 200) expect(bodyOf(received)).toMatchObject({ trailers: {} });
      else expect(statusOf(received)).toBe(400);
    },
  );

  it("that exceed MAX_HEADER_FIELDS end the request", async () => {
    await using gateway = await startGateway({ handler: tellTrailers });
    const send = async (count: number): Promise<number> => {
      const many = Array.from({ length: count }, (_, index) => `X-${index}: 1\r\n`).join("");
      return statusOf(await sendRaw(gateway.url, chunked(gateway, ["Connection: close"], many)));
    };
    expect(await send(200)).toBe(200);
    gateway.upstream.requests.length = 0;
    expect(await send(201)).toBe(431);
    expect(gateway.upstream.requests.every(({ complete }) => !complete)).toBe(true);
  });

  it("are read with the size limit of headers", async () => {
    await using gateway = await startGateway({ handler: tellTrailers });
    const long = `X-Long: ${"x".repeat(20_000)}\r\n`;
    const received = await sendRaw(gateway.url, chunked(gateway, ["Connection: close"], long));
    expect(statusOf(received)).not.toBe(200);
    expect(gateway.upstream.requests.every(({ complete }) => !complete)).toBe(true);
  });

  it("pass together with those of the answer, and TE allows them", async () => {
    await using gateway = await startGateway({
      handler: (incoming, response) => {
        incoming.resume().on("end", () => {
          response.writeHead(200, { trailer: "grpc-status" });
          response.write(JSON.stringify(incoming.headers));
          response.addTrailers({ "grpc-status": "0", "x-echo": incoming.trailers["x-sum"] ?? "" });
          response.end();
        });
      },
    });
    const client = post(gateway, { te: "trailers", connection: "te", trailer: "x-sum" });
    client.write("message");
    client.addTrailers({ "x-sum": "7" });
    client.end();
    const response = await answerTo(client);
    expect(JSON.parse(await textOf(response))).toMatchObject({ te: "trailers", connection: "te" });
    expect(response.trailers).toEqual({ "grpc-status": "0", "x-echo": "7" });
  });
});

describe("TE", () => {
  it.each([
    ["trailers", "trailers"],
    ["gzip, Trailers", "trailers"],
    ["gzip", null],
    ["x-trailers", null],
  ])("with the value %s is forwarded as %s, with any request", async (te, expected) => {
    await using gateway = await startGateway({ handler: tellTrailers });
    const response = await answerTo(post(gateway, { te, "content-length": 0 }).end());
    expect(JSON.parse(await textOf(response))).toHaveProperty("te", expected);
  });
});
