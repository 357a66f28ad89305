/** The table that the example programs must answer is the one that `@breezeway/verify` answers. */
import { afterAll, describe, expect, test } from "vitest";
import { reasonOf } from "@breezeway/shared";
import { verifySession } from "@breezeway/verify/fetch";
import { APP_ID, ISSUER } from "@breezeway/test-support/signer";
import { createCaseKeys, keySetOf } from "./test-support/case-keys.ts";
import { CASES } from "./test-support/cases.ts";

const keys = createCaseKeys();
const sessions = verifySession({
  issuer: ISSUER,
  audience: APP_ID,
  scopes: ["orders:read"],
  jwks: { keys: keySetOf(keys) },
});

afterAll(() => sessions.close());

describe("the table of the examples", () => {
  test.each(CASES)("$name", async ({ headers, refusal }) => {
    const sent = new Headers();
    for (const [name, value] of headers(keys)) sent.append(name, value);
    const admission = await sessions.admit(
      new Request("https://orders.example/orders", { headers: sent }),
    );

    const reason = admission.kind === "refused" ? admission.problem.problem.reason : undefined;
    expect(reason).toBe(refusal && reasonOf(refusal));
  });
});
