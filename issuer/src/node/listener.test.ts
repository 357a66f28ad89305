/** The listener of `serveIssuer` against clients that are slow, idle, or do not speak HTTP. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import { testIssuer } from "../../test-support/test-issuer.ts";
import type { Issuer } from "../index.ts";
import { serveIssuer, type IssuerServer, type ServeOptions } from "../node.ts";

let issuer: Issuer;
let server: IssuerServer;

beforeEach(() => {
  issuer = testIssuer();
});
afterEach(async () => {
  await server.close();
  await issuer.close();
});

const start = async (options: Partial<ServeOptions> = {}): Promise<void> => {
  server = await serveIssuer(issuer, { port: 0, ...options });
};

const exchange = (text: string): Promise<string> => sendRaw(server.url, text);

const HEAD =
  "POST /auth/login/dev HTTP/1.1\r\nHost: x\r\nX-Breezeway-Request: 1\r\nContent-Type: application/json\r\n";

describe("a connection", () => {
  it.each<[string, Partial<ServeOptions>, string]>([
    ["whose head never ends", { headersTimeoutMs: 200 }, HEAD],
    [
      "whose body never ends",
      { headersTimeoutMs: 200, requestTimeoutMs: 300 },
      `${HEAD}Content-Length: 10\r\n\r\n{`,
    ],
  ])("%s gets 408 after the time limit and is closed", async (_case, options, text) => {
    await start(options);
    const startedAtMs = performance.now();
    const answer = await exchange(text);
    expect(statusOf(answer)).toBe(408);
    expect(answer).toContain('"reason":"request-timeout"');
    // Node's own check would come after 30 s.
    expect(performance.now() - startedAtMs).toBeLessThan(20_000);
  });

  it("is kept for 65 s between two requests, longer than reverse proxies keep it", async () => {
    await start();
    const response = await fetch(`${server.url}/auth/health`);
    expect(response.headers.get("keep-alive")).toBe("timeout=65");
  });

  it("is closed after keepAliveTimeoutMs between two requests", async () => {
    await start({ keepAliveTimeoutMs: 100 });
    expect(await exchange("GET /auth/health HTTP/1.1\r\nHost: x\r\n\r\n")).toContain(
      "HTTP/1.1 200 ",
    );
  });
});

describe("a request that Node's parser refuses", () => {
  it.each([
    ["headers of 20 kB", `GET /auth/health HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["another protocol", "hello\r\n\r\n", 400],
    ["an invalid length", `${HEAD}Content-Length: x\r\n\r\n`, 400],
  ])("with %s gets problem+json", async (_case, text, status) => {
    await start();
    const [head = "", body = ""] = (await exchange(text)).split("\r\n\r\n");
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toContain("content-type: application/problem+json");
    expect(JSON.parse(body)).toMatchObject({
      status,
      reason: status === 431 ? "headers-too-large" : "request-malformed",
    });
  });
});
