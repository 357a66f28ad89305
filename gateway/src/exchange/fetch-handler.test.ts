import { describe, expect, it } from "vitest";
import { startGateway } from "../../test-support/start.ts";

describe("the fetch handler", () => {
  async function send(path: string, init: RequestInit = {}): Promise<Response> {
    await using gateway = await startGateway();
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) {
      headers.set("authorization", `Bearer ${gateway.tokens.token()}`);
    }
    const request = new Request(`http://gateway.example${path}`, { ...init, headers });
    const response = await gateway.server.gateway.fetch(request);
    // Read the body before the gateway closes.
    return new Response(response.body && (await response.arrayBuffer()), response);
  }

  it("decides and forwards like the server", async () => {
    const response = await send("/orders/7?x=1", {
      method: "POST",
      body: "body",
      headers: { "x-breezeway-user": "mallory", "x-tenant-id": "acme" },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      method: "POST",
      url: "/orders/7?x=1",
      body: "body",
      headers: { "x-breezeway-user": "alice", "x-forwarded-host": "gateway.example" },
    });
  });

  it.each([
    ["/orders", { headers: { authorization: "Bearer x" } }, 401, "token-malformed"],
    ["/nothing", {}, 404, "route-unknown"],
    ["/orders%2fadmin", {}, 400, "request-malformed"],
    ["/orders", { headers: { "x-tenant-id": "globex" } }, 403, "tenant-mismatch"],
  ])("refuses %s with %j", async (path, init, status, reason) => {
    const response = await send(path, init);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ reason });
  });

  it("answers /health/live", async () => {
    expect((await send("/health/live")).status).toBe(200);
  });

  it("forwards the caller's abort", async () => {
    const closed = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (_request, response) => {
        response.write("begun");
        response.on("close", () => closed.resolve());
      },
    });
    const abort = new AbortController();
    const headers = { authorization: `Bearer ${gateway.tokens.token()}` };
    const request = new Request("http://g.example/orders", { headers, signal: abort.signal });
    const response = await gateway.server.gateway.fetch(request);
    expect(response.status).toBe(200);
    abort.abort();
    await closed.promise;
  });
});
