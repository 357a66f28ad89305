/** One table through every adapter, each with its real framework on a real socket. */
import { ERROR_HINTS, codeOfReason } from "@breezeway/shared";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bed, RunningBed } from "../test-support/beds/bed.ts";
import { frameworkBeds } from "../test-support/beds/frameworks.ts";
import { lambdaBeds } from "../test-support/beds/lambda.ts";
import { cases, signer, variants, type Case, type Variant } from "../test-support/conformance.ts";
import { send } from "../test-support/http-client.ts";
import { createIssuerServer, type IssuerServer } from "../test-support/issuer-server.ts";

let issuerServer: IssuerServer;

beforeAll(async () => {
  const atSeconds = Math.floor(Date.now() / 1_000);
  issuerServer = await createIssuerServer(
    [signer.publicJwk],
    [{ kind: "session", id: "session-revoked", atSeconds }],
  );
});

afterAll(() => issuerServer[Symbol.asyncDispose]());

const beds: readonly Bed[] = [...frameworkBeds, ...lambdaBeds];

describe.each(beds)("$name", (bed) => {
  const running = new Map<Variant, RunningBed>();
  let issuer: string;
  let unreachable: string;

  beforeAll(async () => {
    issuer = issuerServer.issuer;
    const gone = await createIssuerServer([]);
    unreachable = gone.issuer;
    await gone[Symbol.asyncDispose]();
    for (const [variant, options] of Object.entries(variants) as [Variant, object][]) {
      const from = variant === "keys unreachable" ? unreachable : issuer;
      running.set(variant, await bed.start({ issuer: from, audience: "orders", ...options }));
    }
  });

  afterAll(async () => {
    for (const app of running.values()) await app.close();
  });

  it.each(cases)(
    "$name",
    async ({ variant = "plain", path = "/orders", request, expected }: Case) => {
      const from = variant === "keys unreachable" ? unreachable : issuer;
      const options = request(from, Math.floor(Date.now() / 1_000));
      const headers = { ...options.headers, "x-breezeway-request-id": "request-1" };
      const answer = await send(`${running.get(variant)?.url}${path}`, { ...options, headers });
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: expected.status,
        body: expect.any(String) as string,
      });
      if ("body" in expected) {
        expect(JSON.parse(answer.body)).toEqual(expected.body);
      } else if ("reason" in expected) {
        const { status, reason, action } = expected;
        expect(answer.headers["content-type"]).toBe("application/problem+json");
        expect(answer.headers["cache-control"]).toBe("no-store");
        expect(answer.headers["www-authenticate"]).toBe(expected.challenge);
        expect(answer.headers["retry-after"]).toBe(expected.retryAfter);
        const code = codeOfReason(reason)!;
        expect(JSON.parse(answer.body)).toEqual({
          type: `https://breezeway.dev/errors#${reason}`,
          title: ERROR_HINTS[code],
          status,
          reason,
          action,
          requestId: "request-1",
          ...(status === 400 && { detail: ERROR_HINTS[code] }),
        });
      } else {
        expect(answer.body).toBe("");
      }
    },
  );
});
