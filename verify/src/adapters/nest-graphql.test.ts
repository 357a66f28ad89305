/** GraphQL resolvers of NestJS, behind a real Apollo server. */
import { NestFactory } from "@nestjs/core";
import type { INestApplication } from "@nestjs/common";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProver } from "@breezeway/test-support/prover";
import { ISSUER, claimsAt, createSigner } from "@breezeway/test-support/signer";
import { createGraphqlModule } from "../../examples/nest-graphql.ts";

const signer = createSigner();
const prover = createProver();
const PUBLIC_URL = "https://api.example";

let app: INestApplication;
let url: string;

beforeAll(async () => {
  const module = createGraphqlModule({
    issuer: ISSUER,
    audience: "orders",
    jwks: [signer.publicJwk],
    proof: { publicUrls: PUBLIC_URL },
  });
  app = await NestFactory.create(module, { logger: false, abortOnError: false });
  await app.listen(0, "127.0.0.1");
  url = `${await app.getUrl()}/graphql`;
});

afterAll(() => app.close());

const now = (): number => Math.floor(Date.now() / 1_000);
const bearer = (claims: object = {}): Record<string, string> => ({
  authorization: `Bearer ${signer.sign(claimsAt(now(), claims))}`,
});

interface GraphqlAnswer {
  readonly status: number;
  readonly data?: unknown;
  readonly errors?: readonly { message: string; extensions: Record<string, unknown> }[];
}

async function ask(query: string, headers: Record<string, string>): Promise<GraphqlAnswer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

describe("a GraphQL resolver", () => {
  it("receives the session of the request", async () => {
    expect(await ask("{ user tenant }", bearer())).toEqual({
      status: 200,
      data: { user: "alice", tenant: "acme" },
    });
  });

  it("runs without a session where none is required", async () => {
    expect(await ask("{ user }", {})).toEqual({ status: 200, data: { user: null } });
  });

  it.each<[string, Record<string, string>, object]>([
    ["no credential", {}, { code: "UNAUTHENTICATED", reason: "token-missing", action: "login" }],
    [
      "another audience",
      bearer({ aud: "inspector" }),
      { code: "UNAUTHENTICATED", reason: "audience-mismatch", action: "none" },
    ],
    [
      "a missing scope",
      bearer({ scope: "" }),
      { code: "FORBIDDEN", reason: "scope-missing", action: "none" },
    ],
    [
      "two credentials",
      { authorization: "Bearer a.b.c, Bearer d.e.f" },
      { code: "BAD_REQUEST", reason: "duplicate-credentials", action: "none" },
    ],
  ])("fails with the reason for %s", async (_name, headers, expected) => {
    const { errors } = await ask("{ tenant }", headers);
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.message).not.toBe("");
    expect(errors?.[0]?.extensions).toMatchObject(expected);
    expect(errors?.[0]?.extensions["requestId"]).toMatch(/^[\w-]{36}$/);
  });

  it("accepts one proof of possession for all resolvers of a request, and not for the next", async () => {
    const token = signer.sign(claimsAt(now(), { cnf: { jkt: prover.thumbprint } }));
    const proof = { url: `${PUBLIC_URL}/graphql`, method: "POST", token, nowSeconds: now() };
    const headers = { authorization: `DPoP ${token}`, dpop: prover.prove(proof) };
    expect(await ask("{ user tenant }", headers)).toEqual({
      status: 200,
      data: { user: "alice", tenant: "acme" },
    });
    const { errors } = await ask("{ tenant }", headers);
    expect(errors?.[0]?.extensions["reason"]).toBe("proof-invalid");
  });
});
