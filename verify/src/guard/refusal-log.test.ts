import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ISSUER, NOW_SECONDS, claimsAt, createSigner } from "@breezeway/test-support/signer";
import { clockAt } from "../../test-support/clock-at.ts";
import type { RequestParts } from "./request-parts.ts";
import { createSessionGuardForTesting, type SessionGuard } from "./session-guard.ts";
import type { SessionOptions } from "./session-options.ts";

const signer = createSigner("key-1");
let lines: string[];
let guard: SessionGuard;

beforeEach(() => {
  lines = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  guard.close();
  vi.useRealTimers();
});

function open(options: Partial<SessionOptions> = {}): void {
  guard = createSessionGuardForTesting(
    { issuer: ISSUER, audience: "orders", jwks: [signer.publicJwk], ...options },
    { clock: clockAt(() => NOW_SECONDS * 1_000) },
  );
}

async function send(authorization?: string): Promise<unknown> {
  const headers = new Map([["authorization", authorization]]);
  const request: RequestParts = {
    method: "GET",
    target: "https://api.example/orders",
    header: (name) => headers.get(name),
  };
  const admission = await guard.admit(request);
  return admission.kind === "refused" ? admission.problem.problem : admission.kind;
}

const forAnother = (jti: string): string =>
  `Bearer ${signer.sign(claimsAt(NOW_SECONDS, { aud: "bills", jti }))}`;

describe("a guard without onRefused", () => {
  it("writes one line per reason and minute, without the token", async () => {
    open();
    const token = forAnother("a");
    for (let count = 0; count < 3; count += 1) await send(token);
    await send(forAnother("b"));
    await send();
    expect(lines).toEqual([
      expect.stringMatching(/^breezeway verify: refused a request: audience-mismatch: .*\n$/),
      expect.stringMatching(/^breezeway verify: refused a request: token-missing: .*\n$/),
    ]);
    expect(lines.join("")).not.toContain(token.slice(-40));
    vi.advanceTimersByTime(60_000);
    await send(token);
    expect(lines).toHaveLength(3);
  });

  it("writes nothing about requests that pass", async () => {
    open();
    expect(await send(`Bearer ${signer.sign(claimsAt(NOW_SECONDS))}`)).toBe("session");
    expect(lines).toEqual([]);
  });

  it("names only the class of an error of other code", async () => {
    const fail = (): never => {
      throw new TypeError("canary");
    };
    open({ claims: { role: fail } });
    await send(`Bearer ${signer.sign(claimsAt(NOW_SECONDS))}`);
    expect(lines).toEqual([expect.stringContaining("internal-error: TypeError")]);
    expect(lines.join("")).not.toContain("canary");
  });
});

it("leaves each refusal to onRefused", async () => {
  const reasons: unknown[] = [];
  open({ onRefused: (error) => reasons.push(error) });
  await send();
  await send();
  expect([reasons.length, lines.length]).toEqual([2, 0]);
});

it.each([
  [undefined, "The request carries no session token."],
  [
    "Basic dTpw",
    "The Authorization header holds no session token. Only the scheme Bearer is read.",
  ],
  ["Digest x", "The Authorization header holds no session token. Only the scheme Bearer is read."],
])("explains that a request with Authorization: %s lacks a token", async (authorization, why) => {
  open();
  expect(await send(authorization)).toMatchObject({ reason: "token-missing" });
  expect(lines).toEqual([expect.stringContaining(`token-missing: ${why}`)]);
});
