import { ERROR_HINTS, codeOfReason } from "@breezeway/shared";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { send, type Answer } from "@breezeway/test-support/http-client";
import { startIssuer, type TestIssuer } from "@breezeway/test-support/issuer";
import type { Bed, Issuers, RunningBed } from "./beds/bed.ts";
import {
  TWO_CREDENTIALS,
  aliceRequest,
  cases,
  signer,
  type Case,
  type Expected,
} from "./conformance.ts";
import { variants, type Variant } from "./variants.ts";

/** Defines the table's tests for these beds, with one issuer for all of them. */
export function describeConformance(beds: readonly Bed[]): void {
  let issuer: TestIssuer;
  let issuers: Issuers;

  beforeAll(async () => {
    issuer = await startIssuer(signer);
    issuer.revoke({ kind: "session", id: "session-revoked" });
    const gone = await startIssuer({ jwks: { keys: [] } });
    await gone[Symbol.asyncDispose]();
    issuers = { real: issuer.url, unreachable: gone.url };
  });

  afterAll(() => issuer[Symbol.asyncDispose]());

  const issuerOf = (variant: Variant): string =>
    variant === "keys unreachable" ? issuers.unreachable : issuers.real;

  describe.each(beds)("$name", (bed) => {
    const running = new Map<Variant, RunningBed>();
    const has = (variant: Variant = "plain"): boolean => !bed.without?.includes(variant);

    beforeAll(async () => {
      for (const variant of (Object.keys(variants) as Variant[]).filter(has)) {
        const options = { issuer: issuerOf(variant), audience: "orders", ...variants[variant] };
        running.set(variant, await bed.start({ variant, options, issuers }));
      }
      // A framework may compile at the first request, for longer than a token lives.
      for (const url of new Set(cases.filter(({ variant }) => has(variant)).map(urlOf)))
        await send(url);
    });

    afterAll(async () => {
      for (const app of running.values()) await app.close();
    });

    const urlOf = ({ variant = "plain", path = "/orders" }: Case): string =>
      `${running.get(variant)?.url}${path}`;

    const applies = ({ name, variant }: Case): boolean =>
      has(variant) && !(bed.hidesSecondHeader && name === TWO_CREDENTIALS);
    it.each(cases.filter(applies))("$name", async (conformanceCase) => {
      const { variant = "plain", request, expected } = conformanceCase;
      const url = urlOf(conformanceCase);
      const options = request(issuerOf(variant), Math.floor(Date.now() / 1_000), url);
      const headers = { ...options.headers, "x-breezeway-request-id": "request-1" };
      expectAnswer(await send(url, { ...options, headers }), expected);
    });

    if (bed.hidesSecondHeader) {
      it("uses the first of two credentials", async () => {
        const url = `${running.get("plain")?.url}/orders`;
        const { headers } = aliceRequest(issuers.real, Math.floor(Date.now() / 1_000), url);
        const authorization = [String(headers?.["authorization"]), "Bearer second"];
        expect((await send(url, { headers: { authorization } })).status).toBe(200);
      });
    }
  });
}

function expectAnswer(answer: Answer, expected: Expected): void {
  expect({ status: answer.status, body: answer.body }).toEqual({
    status: expected.status,
    body: expect.any(String) as string,
  });
  if ("body" in expected) {
    expect(JSON.parse(answer.body)).toEqual(expected.body);
    return;
  }
  if (!("reason" in expected)) {
    expect(answer.body).toBe("");
    return;
  }
  const { status, reason, action } = expected;
  expect(answer.headers["content-type"]).toBe("application/problem+json");
  expect(answer.headers["cache-control"]).toBe("no-store");
  expect(answer.headers["www-authenticate"]).toBe(expected.challenge);
  expect(answer.headers["retry-after"]).toBe(expected.retryAfter);
  const code = codeOfReason(reason);
  const title = code && ERROR_HINTS[code];
  expect(JSON.parse(answer.body)).toEqual({
    type: `https://breezeway.dev/errors#${reason}`,
    title,
    status,
    reason,
    action,
    requestId: "request-1",
    ...(status === 400 && { detail: title }),
  });
}
