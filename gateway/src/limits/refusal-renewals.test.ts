/** How the limit on rejected tokens tracks sessions, over times and numbers that no socket test reaches. */
import {
  createSessionVerifier,
  type SessionVerifier,
  type VerifiedSession,
} from "@breezeway/verify";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createProver } from "@breezeway/test-support/prover";
import { createSigner, ISSUER } from "@breezeway/test-support/signer";
import { createRefusalLimit, MAX_RENEWALS, type RefusalLimit } from "./refusal-limit.ts";

const tokens = createSigner();
const verifier = createSessionVerifier({ issuer: ISSUER, audience: "orders", jwks: tokens.jwks });
const head = {
  method: "GET",
  target: "/orders",
  rawHeaders: [],
  peerAddress: "203.0.113.7",
  encrypted: false,
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function limitedAddress(by: SessionVerifier = verifier): Promise<RefusalLimit> {
  const limit = createRefusalLimit(
    { requests: 1, windowSeconds: 3_600 },
    { verifier: by, trustsPeer: () => false },
  );
  limit.finished?.({ ...exchangeOf(undefined), reason: "token-signature" });
  await vi.advanceTimersByTimeAsync(0);
  expect(limit.limited).toBe(1);
  return limit;
}

const exchangeOf = (session: VerifiedSession | undefined) => ({
  requestId: "1",
  head,
  path: "/orders",
  origin: undefined,
  route: undefined,
  session,
  appVersion: undefined,
  status: 0,
  reason: undefined,
  startedAtMs: 0,
});

const isVerified = (limit: RefusalLimit, sid: string): boolean => {
  try {
    limit.check(head, tokens.token({ sid }), {});
    return true;
  } catch {
    return false;
  }
};

it("gives a session new renewals a minute after it used them up", async () => {
  const limit = await limitedAddress();
  limit.allowed?.(exchangeOf(await verifier.verify(tokens.token({ sid: "a" }))));
  for (let count = 0; count < MAX_RENEWALS; count += 1) expect(isVerified(limit, "a")).toBe(true);
  expect(isVerified(limit, "a")).toBe(false);
  vi.advanceTimersByTime(60_000);
  expect(isVerified(limit, "a")).toBe(true);
});

it("gives a session no further renewals when it is accepted again", async () => {
  const limit = await limitedAddress();
  const exchange = exchangeOf(await verifier.verify(tokens.token({ sid: "a" })));
  limit.allowed?.(exchange);
  for (let count = 0; count < MAX_RENEWALS; count += 1) isVerified(limit, "a");
  limit.allowed?.(exchange);
  expect(isVerified(limit, "a")).toBe(false);
});

it("limits an address until its window ends, and then no longer counts it as limited", async () => {
  const limit = await limitedAddress();
  vi.advanceTimersByTime(3_599_000);
  expect([limit.limited, isVerified(limit, "stranger")]).toEqual([1, false]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([limit.limited, isVerified(limit, "stranger")]).toEqual([0, true]);
});

it("treats cached tokens by their state: bound ones go to their proof, expired ones are refused", async () => {
  let isRevoked = false;
  const own = createSessionVerifier({
    issuer: ISSUER,
    audience: "orders",
    jwks: tokens.jwks,
    isRevoked: () => isRevoked,
  });
  const limit = await limitedAddress(own);
  const { bound } = createProver();
  const token = tokens.token(bound);
  await own.verify(token, { proofKeyThumbprint: bound.cnf.jkt });
  expect(() => limit.check(head, token, {})).not.toThrow();
  isRevoked = true;
  expect(() => limit.check(head, token, { proofKeyThumbprint: bound.cnf.jkt })).toThrow("revoked");
});

it("remembers ten thousand sessions and drops the oldest first", async () => {
  const limit = await limitedAddress();
  const session = await verifier.verify(tokens.token());
  for (let count = 0; count <= 10_000; count += 1) {
    limit.allowed?.(exchangeOf({ ...session, handle: `session-${count}` }));
  }
  expect(isVerified(limit, "session-0")).toBe(false);
  expect(isVerified(limit, "session-1")).toBe(true);
  expect(isVerified(limit, "session-10000")).toBe(true);
});

it("does not verify a token that is too long or unreadable", async () => {
  const limit = await limitedAddress();
  limit.allowed?.(exchangeOf(await verifier.verify(tokens.token({ sid: "a" }))));
  const good = tokens.token({ sid: "a" });
  for (const token of [`${good}${"A".repeat(8_192)}`, "", "x", "x.e30.x", "x.bnVsbA.x", "x.{.x"]) {
    expect(() => limit.check(head, token, {})).toThrow("Too many rejected tokens");
  }
});
