/** The table that the example programs must answer is the one that `@breezeway/verify` answers. */
import { describe, expect, test } from "vitest";
import { BridgeError } from "@breezeway/shared";
import { createSessionVerifier } from "@breezeway/verify";
import { createCaseKeys, keySetOf } from "./test-support/case-keys.ts";
import { CASES } from "./test-support/cases.ts";
import { APP_ID, ISSUER } from "./test-support/token-forge.ts";

const keys = createCaseKeys();
const verifier = createSessionVerifier({
  issuer: ISSUER,
  audience: APP_ID,
  jwks: { keys: keySetOf(keys) },
});
// What a request says beside its one token is for the adapters of `@breezeway/verify` to judge.
const aboutTokens = CASES.map((entry) => ({ ...entry, sent: entry.headers(keys) })).filter(
  ({ sent }) => sent.length === 1 && /^Bearer ey[^,]*$/u.test(sent[0]?.[1] ?? ""),
);

describe("the table of the examples", () => {
  test.each(aboutTokens)("$name", async ({ headers, refusal }) => {
    const token = headers(keys)[0]?.[1].slice("Bearer ".length) ?? "";
    const outcome = await verifier.verify(token, { scopes: ["orders:read"] }).then(
      () => undefined,
      (error: unknown) => (BridgeError.is(error) ? error.code : error),
    );

    expect(outcome).toBe(refusal);
  });
});
