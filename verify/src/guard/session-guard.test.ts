import { BridgeError } from "@breezeway/shared";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { clockAt } from "../../test-support/clock-at.ts";
import {
  createFeedServer,
  revokedEvent,
  type FeedServer,
} from "@breezeway/test-support/feed-server";
import { ISSUER, claimsAt, createSigner } from "@breezeway/test-support/signer";
import type { VerifyTestHooks } from "../options/test-hooks.ts";
import {
  createRevocationFeed,
  createRevocationFeedForTesting,
  type RevocationFeed,
} from "../revocation/revocation-feed.ts";
import type { RequestParts } from "./request-parts.ts";
import {
  createSessionGuardForTesting,
  type Admission,
  type SessionGuard,
} from "./session-guard.ts";
import type { SessionOptions } from "./session-options.ts";
import { sessionOf } from "./session-of.ts";

const signer = createSigner();
const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

let guard: SessionGuard | undefined;
afterEach(() => guard?.close());

function create(
  overrides: Partial<SessionOptions> = {},
  hooks: VerifyTestHooks = {},
): SessionGuard {
  const options = { issuer: ISSUER, audience: "orders", jwks: [signer.publicJwk], ...overrides };
  guard = createSessionGuardForTesting(options, hooks);
  return guard;
}

function requestWith(headers: Record<string, string>, method = "GET"): RequestParts {
  return { method, header: (name) => headers[name] };
}

function alice(claims: object = {}, headers: Record<string, string> = {}): RequestParts {
  const token = signer.sign(claimsAt(nowSeconds(), claims));
  return requestWith({ authorization: `Bearer ${token}`, ...headers });
}

const reasonOf = ({ kind, ...admission }: Admission): string =>
  kind === "refused" && "problem" in admission ? admission.problem.problem.reason : kind;

describe("a route", () => {
  it("inherits absent options from the guard", async () => {
    create({ scopes: ["orders:delete"] });
    expect(reasonOf(await guard!.admit(alice()))).toBe("scope-missing");
    expect(reasonOf(await guard!.admit(alice(), { required: false }))).toBe("scope-missing");
    expect(reasonOf(await guard!.admit(alice(), { scopes: ["orders:read"] }))).toBe("session");
    expect(reasonOf(await guard!.admit(alice(), { scopes: [] }))).toBe("session");
  });

  it("can require a session when the guard does not", async () => {
    create({ required: false });
    expect(reasonOf(await guard!.admit(requestWith({})))).toBe("anonymous");
    expect(reasonOf(await guard!.admit(requestWith({}), { required: true }))).toBe("token-missing");
  });

  it("replaces the claim validators of the guard", async () => {
    create({ claims: { org_role: (role) => role === "admin" } });
    const member = alice({ org_role: "member" });
    expect(reasonOf(await guard!.admit(member))).toBe("claim-rejected");
    const route = { claims: { org_role: async (role: unknown) => role === "member" } };
    expect(reasonOf(await guard!.admit(member, route))).toBe("session");
  });
});

describe("a claim validator", () => {
  it.each([
    ["returns a truthy value other than true", () => 1 as unknown as boolean, "claim-rejected"],
    ["returns undefined", () => undefined as unknown as boolean, "claim-rejected"],
    ["resolves to false", async () => false, "claim-rejected"],
    [
      "throws",
      () => {
        throw new Error("its own fault");
      },
      "internal-error",
    ],
  ])("that %s does not admit", async (_name, validator, reason) => {
    create({ claims: { org_role: validator } });
    expect(reasonOf(await guard!.admit(alice({ org_role: "admin" })))).toBe(reason);
  });

  it("names its claim in the log", async () => {
    const told: unknown[] = [];
    create({ claims: { org_role: () => false }, onRefused: (error) => told.push(error) });
    await guard!.admit(alice());
    expect(told).toMatchObject([{ code: "CLAIM_REJECTED", details: { claim: "org_role" } }]);
  });

  it("receives the other claims", async () => {
    create({ claims: { org_id: (id, { tenantId }) => id === tenantId } });
    expect(reasonOf(await guard!.admit(alice({ org_id: "acme" })))).toBe("session");
    expect(reasonOf(await guard!.admit(alice({ org_id: "globex" })))).toBe("claim-rejected");
  });
});

describe("the Authorization header", () => {
  it.each([
    ["Bearer", "token-missing"],
    ["Bearer ", "token-malformed"],
    ["Bearer  abc.def.ghi", "token-malformed"],
    ["Bearer abc.def.ghi, Bearer abc.def.ghi", "duplicate-credentials"],
    ["Basic a, Basic b", "duplicate-credentials"],
    ["Bearer: abc", "token-malformed"],
    ["BearerX abc", "token-missing"],
    ["DPoP abc", "token-missing"],
    ["Basic bearer", "token-missing"],
  ])("%j leads to %s", async (authorization, reason) => {
    create();
    expect(reasonOf(await guard!.admit(requestWith({ authorization })))).toBe(reason);
  });
});

describe("checkRevocation", () => {
  let server: FeedServer;
  afterEach(() => server[Symbol.asyncDispose]());

  it("opens the issuer's feed on first use, and refuses a session as soon as it is revoked", async () => {
    server = await createFeedServer();
    const issuer = server.url.replace("/revocations", "");
    create({ issuer, checkRevocation: true });
    expect(server.requests).toHaveLength(0);
    const request = alice({ iss: issuer });
    expect(reasonOf(await guard!.admit(request))).toBe("session");
    server.send(revokedEvent(1, { kind: "user", id: "alice", atSeconds: nowSeconds() }));
    await until(async () => reasonOf(await guard!.admit(request)) === "session-revoked");
    expect(reasonOf(await guard!.admit(request, { checkRevocation: false }))).toBe("session");
    expect(server.requests).toHaveLength(1);
  });

  it("does not open the feed when no route checks revocation", async () => {
    server = await createFeedServer();
    const issuer = server.url.replace("/revocations", "");
    create({ issuer });
    expect(reasonOf(await guard!.admit(alice({ iss: issuer })))).toBe("session");
    expect(server.requests).toHaveLength(0);
  });

  it("refuses with store-unavailable once the feed has been disconnected for a minute", async () => {
    server = await createFeedServer();
    let nowMs = Date.now();
    const clock = clockAt(() => nowMs);
    const feed = createRevocationFeedForTesting({ url: server.url }, { clock });
    await feed.ready();
    create({ revocationFeed: feed, checkRevocation: true }, { clock });
    await server[Symbol.asyncDispose]();
    await until(async () => feed.status.state === "lost");
    expect(reasonOf(await guard!.admit(alice()))).toBe("session");
    nowMs += 60_001;
    expect(reasonOf(await guard!.admit(alice({ exp: nowSeconds() + 200 })))).toBe(
      "store-unavailable",
    );
    feed.close();
    expect(reasonOf(await guard!.admit(alice({ exp: nowSeconds() + 200 })))).toBe(
      "store-unavailable",
    );
  });

  it("refuses with store-unavailable when a feed that counts as live was not heard for a minute", async () => {
    const heardAtMs = Date.now();
    let nowMs = heardAtMs;
    const frozen = {
      status: { state: "live", heardAtMs, seq: "1" },
      isRevoked: () => false,
      isKeyRemoved: () => false,
      ready: async () => {},
    } as unknown as RevocationFeed;
    create({ revocationFeed: frozen, checkRevocation: true }, { clock: clockAt(() => nowMs) });
    const request = alice({ exp: Math.floor(heardAtMs / 1_000) + 300 });
    nowMs = heardAtMs + 60_000;
    expect(reasonOf(await guard!.admit(request))).toBe("session");
    nowMs += 1;
    expect(reasonOf(await guard!.admit(request))).toBe("store-unavailable");
  });

  describe("in Cloudflare Workers", () => {
    const hint = "Cloudflare Workers end the revocation feed";
    beforeEach(() => vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" }));
    afterEach(() => vi.unstubAllGlobals());

    it.each<[string, string, () => unknown]>([
      [
        "of the guard",
        "createSessionGuard: checkRevocation: ",
        () => create({ checkRevocation: true }),
      ],
      [
        "of a route",
        "createSessionGuard, route: checkRevocation: ",
        () => create().checkRoute({ checkRevocation: true }),
      ],
      [
        "of a feed",
        "createRevocationFeed: ",
        () => createRevocationFeed({ url: "https://shell.example/auth/revocations" }),
      ],
    ])("is refused at start as an option %s", (_name, source, start) => {
      expect(start).toThrow(source + hint);
    });

    it("is accepted with a feed that the options pass in", async () => {
      const revocationFeed = {
        status: { state: "live", heardAtMs: Date.now(), seq: "1" },
        isRevoked: () => true,
        isKeyRemoved: () => false,
        ready: async () => {},
      } as unknown as RevocationFeed;
      create({ checkRevocation: true, revocationFeed });
      expect(reasonOf(await guard!.admit(alice()))).toBe("session-revoked");
    });
  });

  it("closes its own feed on close", async () => {
    server = await createFeedServer();
    const issuer = server.url.replace("/revocations", "");
    create({ issuer, checkRevocation: true });
    await guard!.admit(alice({ iss: issuer }));
    const ended = new Promise((resolve) => {
      server.requests[0]?.on("close", resolve);
    });
    guard!.close();
    await ended;
  });

  it("does not close a feed that its options passed in", async () => {
    server = await createFeedServer();
    const feed = createRevocationFeed({ url: server.url });
    create({ revocationFeed: feed, checkRevocation: true }).close();
    expect(feed.status.state).not.toBe("closed");
    feed.close();
  });

  it("refuses every request after close", async () => {
    server = await createFeedServer();
    create({ checkRevocation: true }).close();
    expect(reasonOf(await guard!.admit(alice()))).toBe("store-unavailable");
  });
});

describe("close", () => {
  it("stops fetching keys", async () => {
    let fetches = 0;
    const fetch = async (): Promise<Response> => {
      fetches += 1;
      return Response.json({ keys: [signer.publicJwk] });
    };
    create({ jwks: "https://shell.example/jwks.json", fetch }).close();
    expect(reasonOf(await guard!.admit(alice()))).toBe("keys-unavailable");
    expect(fetches).toBe(0);
  });
});

describe("a refusal", () => {
  it("has a new request id when the request carries none", async () => {
    const admission = await create().admit(requestWith({}));
    const id = admission.kind === "refused" ? admission.problem.problem.requestId : "";
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ["request-1", "request-1"],
    ["../etc", undefined],
    ["x".repeat(65), undefined],
    ["a\nb", undefined],
  ])("uses the request id %j of the gateway only if it is well-formed", async (given, expected) => {
    create();
    const admission = await guard!.admit(requestWith({ "x-breezeway-request-id": given }));
    const id = admission.kind === "refused" ? admission.problem.problem.requestId : "";
    if (expected === undefined) expect(id).toMatch(/^[0-9a-f-]{36}$/);
    else expect(id).toBe(expected);
  });

  it("is passed to onRefused without the token and its claims", async () => {
    const told: [unknown, string][] = [];
    create({ scopes: ["orders:delete"], onRefused: (error, id) => told.push([error, id]) });
    const request = alice({ sid: "canary-session" }, { "x-breezeway-request-id": "request-1" });
    const admission = await guard!.admit(request);
    expect(told).toHaveLength(1);
    const [error, id] = told[0]!;
    expect(BridgeError.is(error) && error.code).toBe("SCOPE_MISSING");
    expect(id).toBe("request-1");
    const { message, details, stack } = error as BridgeError;
    const text = JSON.stringify([message, details, stack, admission]);
    const token = String(request.header("authorization")).slice("Bearer ".length);
    for (const secret of [...token.split("."), "canary-session"])
      expect(text).not.toContain(secret);
  });

  it("stays a refusal when onRefused throws", async () => {
    create({
      onRefused: () => {
        throw new Error("disk full");
      },
    });
    expect(reasonOf(await guard!.admit(requestWith({})))).toBe("token-missing");
  });
});

describe("sessionOf", () => {
  it("returns the session with all verified fields", async () => {
    create();
    const request = alice({ org_role: "admin" });
    const admission = await guard!.admit(request);
    expect(sessionOf(admission)).toMatchObject({
      userId: "alice",
      tenantId: "acme",
      handle: "session-1",
      appId: "orders",
      scopes: ["orders:read", "orders:write"],
      claims: { org_role: "admin" },
      token: String(request.header("authorization")).slice("Bearer ".length),
    });
  });

  it("throws when there is no session", () => {
    expect(() => sessionOf({})).toThrow(/Guard its route/);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

describe("X-Tenant-ID", () => {
  it.each([
    ["acme", "acme"],
    ["mü", "m%C3%BC"],
    ["a,b", "a%2Cb"],
    ["50%", "50%25"],
    ["a%2Cb", "a%2Cb"],
  ])("is accepted for the tenant %j as %j, which the gateway sends", async (tenantId, header) => {
    const admission = await create().admit(alice({ tenantId }, { "x-tenant-id": header }));
    expect(reasonOf(admission)).toBe("session");
  });

  it.each([
    ["acme", "globex"],
    ["acme", ""],
    ["acme", "acme, globex"],
    ["acme, globex", "acme, globex%"],
    ["a,b", "a%252Cb"],
    ["a,b", "a,%62"],
    ["%", "%%"],
    ["acme", "%61cme%00"],
  ])("is refused for the tenant %j as %j", async (tenantId, header) => {
    const admission = await create().admit(alice({ tenantId }, { "x-tenant-id": header }));
    expect(reasonOf(admission)).toBe("tenant-mismatch");
  });
});
