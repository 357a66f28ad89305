/** Gateway and verifiers read the same credentials, and refuse the same ones with the same reason. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSessionGuard, type SessionGuard } from "@breezeway/verify";
import { CREDENTIALS, GOOD_TOKEN } from "@breezeway/test-support/credentials";
import { createSigner, ISSUER } from "@breezeway/test-support/signer";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

let gateway: TestGateway;
let guard: SessionGuard;
const signer = createSigner();

beforeAll(async () => {
  gateway = await startGateway();
  guard = createSessionGuard({ issuer: ISSUER, audience: "orders", jwks: signer.jwks });
});
afterAll(async () => {
  guard.close();
  await gateway[Symbol.asyncDispose]();
});

const filled = (value: string, token: string): string => value.replaceAll(GOOD_TOKEN, token);

describe.each(CREDENTIALS)("Authorization with $name", ({ value, reason }) => {
  it(`is ${reason ?? "accepted"} at the gateway`, async () => {
    const authorization = filled(value, gateway.tokens.token());
    const response = await gateway.request("/orders", { headers: { authorization } });
    const answer = (await response.json()) as { reason?: string };
    expect(answer.reason).toBe(reason);
  });

  it(`is ${reason ?? "accepted"} at a verifier`, async () => {
    const authorization = filled(value, signer.token());
    const { kind, problem } = {
      problem: undefined,
      ...(await guard.admit({
        method: "GET",
        header: (name) => (name === "authorization" ? authorization : undefined),
      })),
    };
    expect(kind).toBe(reason === undefined ? "session" : "refused");
    expect(problem?.problem.reason).toBe(reason);
  });
});
