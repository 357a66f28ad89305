import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterEach, describe, expect, it } from "vitest";
import { claimsAt, createSigner, ISSUER, NOW_SECONDS } from "@breezeway/test-support/signer";
import { createBackend } from "../../examples/lifecycle-express.ts";
import { createLifecycleHandler } from "../../examples/lifecycle-fetch.ts";
import { LifecycleRefusal, type LifecycleCall } from "../lifecycle.ts";
import { clockAt } from "../../test-support/clock-at.ts";
import { BODY, digestOf, signCall, type CallChanges } from "../../test-support/lifecycle-calls.ts";
import { createSessionVerifierForTesting } from "../verifier/session-verifier.ts";
import { verifyLifecycleForTesting } from "./verify-lifecycle.ts";

const CANARY = "canary-4c1e";
const signer = createSigner();
const stranger = createSigner();
const SETTINGS = { issuer: ISSUER, audience: "orders", jwks: [signer.publicJwk] };
const HOOKS = { clock: clockAt(() => NOW_SECONDS * 1_000) };
const lifecycle = verifyLifecycleForTesting(SETTINGS, HOOKS);
/** The examples use the clock of the runtime. */
const presentSeconds = (): number => Math.floor(Date.now() / 1_000);

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => new Promise((done) => server.close(done)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/lifecycle`;
}

function post(url: string, { headers, rawBody }: { headers: HeadersInit; rawBody: string }) {
  return fetch(url, { method: "POST", headers, body: rawBody });
}

async function codeOf(call: LifecycleCall): Promise<string> {
  return lifecycle.verify(call).then(
    () => "accepted",
    (error: { code: string }) => error.code,
  );
}

describe("a lifecycle call of the issuer", () => {
  it("is accepted, and yields the event of its claims", async () => {
    expect(await lifecycle.verify(signCall(signer))).toEqual({
      event: "connect",
      installationId: "connection-1",
      appId: "orders",
      tenantId: "acme",
      issuer: ISSUER,
      callId: "call-1",
    });
  });

  it("names the user that was erased", async () => {
    const event = "user-erased";
    const call = signCall(signer, {
      claims: { event, userId: "alice" },
      body: { ...BODY, event, userId: "alice" },
    });
    expect(await lifecycle.verify(call)).toMatchObject({
      event,
      userId: "alice",
      tenantId: "acme",
    });
  });

  it("is accepted as a Headers object with a body in bytes", async () => {
    const { headers, rawBody } = signCall(signer);
    const call = { headers: new Headers(headers), rawBody: Buffer.from(rawBody) };
    expect(await codeOf(call)).toBe("accepted");
  });

  it("is accepted again until it expires: the handler deduplicates by `installationId`", async () => {
    const call = signCall(signer);
    const [first, second] = [await lifecycle.verify(call), await lifecycle.verify(call)];
    expect(second).toEqual(first);
  });
});

describe("a call is refused", () => {
  const without = { ...BODY } as Partial<typeof BODY>;
  delete without.installationId;
  const table: readonly (readonly [string, CallChanges, string])[] = [
    ["with the typ of a session token", { header: { typ: "JWT" } }, "TOKEN_MALFORMED"],
    ["without a typ", { header: { typ: undefined } }, "TOKEN_MALFORMED"],
    ["with alg none", { header: { alg: "none" } }, "TOKEN_ALG"],
    ["with an algorithm that is not allowed", { header: { alg: "ES256" } }, "TOKEN_ALG"],
    ["with a key in its header", { header: { jwk: stranger.publicJwk } }, "TOKEN_MALFORMED"],
    ["with the id of an unpublished key", { header: { kid: "other" } }, "KEY_UNKNOWN"],
    ["of another issuer", { claims: { iss: `${ISSUER}/` } }, "ISSUER_MISMATCH"],
    ["for another app", { claims: { aud: "stock" } }, "AUDIENCE_MISMATCH"],
    ["for several apps", { claims: { aud: ["orders"] } }, "TOKEN_MALFORMED"],
    ["that has expired", { nowSeconds: NOW_SECONDS - 65 }, "TOKEN_EXPIRED"],
    ["that was issued in the future", { nowSeconds: NOW_SECONDS + 6 }, "IAT_FUTURE"],
    ["with a lifetime above 60 seconds", { claims: { exp: NOW_SECONDS + 61 } }, "TOKEN_MALFORMED"],
    ["that expires when it is issued", { claims: { exp: NOW_SECONDS } }, "TOKEN_MALFORMED"],
    ["with an unknown event", { claims: { event: "pay" } }, "TOKEN_MALFORMED"],
    ["that erases nobody", { claims: { event: "user-erased" } }, "TOKEN_MALFORMED"],
    ["that connects a user", { claims: { userId: "alice" } }, "TOKEN_MALFORMED"],
    ["without an id", { claims: { jti: undefined } }, "TOKEN_MALFORMED"],
    ["without a digest", { claims: { contentDigest: undefined } }, "TOKEN_MALFORMED"],
    [
      "with the digest of another body",
      { claims: { contentDigest: digestOf("{}") } },
      "TOKEN_SIGNATURE",
    ],
    [
      "whose body names another tenant",
      { body: { ...BODY, tenantId: "globex" } },
      "REQUEST_MALFORMED",
    ],
    ["whose body names another app", { body: { ...BODY, appId: "stock" } }, "REQUEST_MALFORMED"],
    [
      "whose body names another event",
      { body: { ...BODY, event: "disconnect" } },
      "REQUEST_MALFORMED",
    ],
    [
      "whose body names another installation",
      { body: { ...BODY, installationId: "connection-2" } },
      "REQUEST_MALFORMED",
    ],
    ["whose body lacks a field", { body: without }, "REQUEST_MALFORMED"],
    ["whose body is not JSON", { body: "acme" }, "REQUEST_MALFORMED"],
    [
      "whose body has a duplicate name",
      { body: `{"tenantId":"globex",${JSON.stringify(BODY).slice(1)}` },
      "REQUEST_MALFORMED",
    ],
    [
      "whose body is larger than the limit",
      { body: { ...BODY, extra: "x".repeat(4_096) } },
      "BODY_TOO_LARGE",
    ],
  ];

  it.each(table)("%s", async (_name, changes, code) => {
    expect(await codeOf(signCall(signer, changes))).toBe(code);
  });

  it("that was signed with another key", async () => {
    expect(await codeOf(signCall(stranger))).toBe("TOKEN_SIGNATURE");
  });

  it("whose body has one more space than the signed one", async () => {
    const call = signCall(signer);
    expect(await codeOf({ ...call, rawBody: `${call.rawBody} ` })).toBe("TOKEN_SIGNATURE");
  });

  it("whose body names another user to erase", async () => {
    const event = "user-erased";
    const call = (userId: string): LifecycleCall =>
      signCall(signer, { claims: { event, userId: "alice" }, body: { ...BODY, event, userId } });
    expect(await codeOf(call("alice"))).toBe("accepted");
    expect(await codeOf(call("bob"))).toBe("REQUEST_MALFORMED");
  });

  it("without a token, or with two", async () => {
    const { headers, rawBody } = signCall(signer);
    expect(await codeOf({ headers: {}, rawBody })).toBe("TOKEN_MISSING");
    const twice = { authorization: [headers["authorization"] ?? "", "Bearer x"] };
    expect(await codeOf({ headers: twice, rawBody })).toBe("DUPLICATE_CREDENTIALS");
  });

  it("when its body was already parsed", async () => {
    const call = { ...signCall(signer), rawBody: BODY as unknown as string };
    expect(await codeOf(call)).toBe("CONFIG_INVALID");
  });

  it("when its key was revoked but is still in the key set", async () => {
    const wary = verifyLifecycleForTesting(
      { ...SETTINGS, isKeyRemoved: (kid) => kid === signer.kid },
      HOOKS,
    );
    await expect(wary.verify(signCall(signer))).rejects.toMatchObject({ code: "KEY_UNKNOWN" });
  });
});

describe("a token for one purpose", () => {
  it("is rejected for the other: a session token cannot make a lifecycle call", async () => {
    const token = signer.sign(claimsAt(NOW_SECONDS, { ...BODY, contentDigest: digestOf("{}") }));
    const headers = { authorization: `Bearer ${token}` };
    expect(await codeOf({ headers, rawBody: "{}" })).toBe("TOKEN_MALFORMED");
  });

  it("is rejected for the other: the token of a lifecycle call gives no session, even with session claims", () => {
    const { headers } = signCall(signer, { claims: claimsAt(NOW_SECONDS) });
    const token = headers["authorization"]?.slice("Bearer ".length) ?? "";
    expect(() => createSessionVerifierForTesting(SETTINGS, HOOKS).verifySync(token)).toThrow(
      expect.objectContaining({ code: "TOKEN_MALFORMED" }) as Error,
    );
  });
});

describe("a handler", () => {
  it("answers 204 once the backend has connected or disconnected the tenant", async () => {
    const tenants = new Map<string, string>();
    const handle = createLifecycleHandler(SETTINGS, tenants);
    const send = (changes: CallChanges) => {
      const nowSeconds = presentSeconds();
      const { headers, rawBody } = signCall(signer, { ...changes, nowSeconds });
      return handle(new Request("https://orders.example/", requestInit(headers, rawBody)));
    };
    const disconnect = (installationId: string) =>
      send({
        claims: { event: "disconnect", installationId },
        body: { ...BODY, event: "disconnect", installationId },
      });
    expect((await send({})).status).toBe(204);
    expect((await disconnect("connection-0")).status).toBe(204);
    expect([...tenants]).toEqual([["acme", "connection-1"]]);
    expect((await disconnect("connection-1")).status).toBe(204);
    expect(tenants.size).toBe(0);
  });

  it("in Express shows the administrator the text of its refusal", async () => {
    const url = await serve(createBackend(SETTINGS, () => false));
    const response = await post(url, signCall(signer, { nowSeconds: presentSeconds() }));
    expect(response.status).toBe(422);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ detail: "Your plan does not include this app." });
  });

  it("in Express accepts a call with its original body, and refuses a changed one", async () => {
    const url = await serve(createBackend(SETTINGS, (tenantId) => tenantId === "acme"));
    expect((await post(url, signCall(signer, { nowSeconds: presentSeconds() }))).status).toBe(204);
    const forged = {
      ...signCall(signer, { nowSeconds: presentSeconds() }),
      rawBody: JSON.stringify({ ...BODY, tenantId: "evil" }),
    };
    expect((await post(url, forged)).status).toBe(401);
  });

  it("behind a JSON parser answers 500, and reports that it must be mounted ahead of it", async () => {
    const errors: unknown[] = [];
    const late = verifyLifecycleForTesting(
      { ...SETTINGS, onError: (error) => errors.push(error) },
      HOOKS,
    );
    const app = express().use(express.json());
    app.post(
      "/lifecycle",
      late.nodeHandler(() => undefined),
    );
    const response = await post(await serve(app), signCall(signer));
    expect(response.status).toBe(500);
    expect(String(errors[0])).toContain("ahead of JSON parsers");
  });

  it("accepts a call whose bytes a JSON parser stored as rawBody", async () => {
    const kept = express().use(
      express.json({
        verify: (request, _response, buffer) => Object.assign(request, { rawBody: buffer }),
      }),
    );
    kept.post(
      "/lifecycle",
      lifecycle.nodeHandler(() => undefined),
    );
    expect((await post(await serve(kept), signCall(signer))).status).toBe(204);
  });

  it("settles when earlier middleware has already answered", async () => {
    const settled = Promise.withResolvers<unknown>();
    const url = await serve((request, response) => {
      response.writeHead(503).end();
      settled.resolve(lifecycle.nodeHandler(() => undefined)(request, response));
    });
    expect((await post(url, signCall(signer))).status).toBe(503);
    await expect(settled.promise).resolves.toBeUndefined();
  });

  it("answers 413 to a body that is too large, and stops reading it", async () => {
    const url = await serve(
      (request, response) => void lifecycle.nodeHandler(() => undefined)(request, response),
    );
    const { headers } = signCall(signer);
    expect((await post(url, { headers, rawBody: "x".repeat(100_000) })).status).toBe(413);
    let read = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        read += 1_024;
        controller.enqueue(new Uint8Array(1_024));
        if (read > 10_000_000) controller.close();
      },
    });
    const init = { method: "POST", headers, body: endless, duplex: "half" } as RequestInit;
    const cut = await lifecycle.handler(() => undefined)(
      new Request("https://orders.example/", init),
    );
    expect([cut.status, read < 100_000]).toEqual([413, true]);
    const handle = lifecycle.handler(() => undefined);
    const request = new Request(
      "https://orders.example/",
      requestInit(headers, "x".repeat(100_000)),
    );
    expect((await handle(request)).status).toBe(413);
  });

  it("keeps the cause of a failure from the caller, and the token from onError", async () => {
    const errors: string[] = [];
    const receiver = verifyLifecycleForTesting(
      { ...SETTINGS, onError: (error) => void errors.push(String((error as Error).stack)) },
      HOOKS,
    );
    const call = signCall(signer, {
      claims: { tenantId: CANARY },
      body: { ...BODY, tenantId: CANARY },
    });
    const failing = receiver.handler(() => {
      throw new Error("the database says no");
    });
    const request = () =>
      new Request("https://orders.example/", requestInit(call.headers, call.rawBody));
    const response = await failing(request());
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("database");
    const forged = { ...call.headers, authorization: `${call.headers["authorization"]}x` };
    await receiver.handler(() => undefined)(
      new Request("https://orders.example/", requestInit(forged, call.rawBody)),
    );
    expect(errors).toHaveLength(2);
    expect(errors.join()).not.toContain(CANARY);
    expect(errors.join()).not.toContain(call.headers["authorization"]?.slice(10, 60));
  });

  it("answers 422 to a LifecycleRefusal, also when its text is empty", async () => {
    const refusing = lifecycle.handler(() => Promise.reject(new LifecycleRefusal("")));
    const { headers, rawBody } = signCall(signer);
    const response = await refusing(
      new Request("https://orders.example/", requestInit(headers, rawBody)),
    );
    expect(response.status).toBe(422);
  });
});

function requestInit(headers: HeadersInit, body: string): RequestInit {
  return { method: "POST", headers, body };
}
