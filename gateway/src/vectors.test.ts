/** A gateway on real sockets against the golden file that upstreams in other languages share. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import type { Echo } from "@breezeway/test-support/upstream";
import { startGateway, type TestGateway } from "../test-support/start.ts";
import { requireIdentity } from "./require-identity.ts";

interface Identity {
  readonly userId: string;
  readonly tenantId: string;
  readonly handle: string;
  readonly scopes: readonly string[];
}

interface HeaderVectors {
  readonly encoding: readonly { readonly value: string; readonly header: string }[];
  readonly notEncoded: readonly string[];
  readonly identities: readonly {
    readonly name: string;
    readonly session: Identity | null;
    readonly headers: Readonly<Record<string, string>>;
  }[];
  readonly removed: readonly string[];
  readonly credentials: readonly {
    readonly name: string;
    readonly authorization: readonly string[];
    readonly reason?: string;
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL("../../docs/vectors/headers.json", import.meta.url), "utf8"),
) as HeaderVectors;

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway({ route: { scopes: [] } });
});
afterAll(() => gateway[Symbol.asyncDispose]());

async function arrived(claims: object): Promise<Readonly<Record<string, string>>> {
  const headers = { authorization: `Bearer ${gateway.tokens.token(claims)}` };
  const answer = (await (await gateway.request("/orders/1", { headers })).json()) as Echo;
  return answer.headers;
}

describe("identity headers", () => {
  it.each(vectors.encoding.filter(({ value }) => value !== ""))(
    "carry the user $value as $header",
    async ({ value, header }) => {
      const headers = await arrived({ sub: value, userId: value });
      expect(headers["x-breezeway-user"]).toBe(header);
    },
  );

  it.each(vectors.identities.filter(({ session }) => session !== null))(
    "say all of $name",
    async ({ session, headers }) => {
      const { userId = "", tenantId, handle, scopes = [] } = session ?? {};
      const claims = { sub: userId, userId, tenantId, sid: handle, scope: scopes.join(" ") };
      const { "x-breezeway-request-id": _, ...expected } = headers;
      const received = await arrived(claims);
      expect(received).toMatchObject(expected);
      expect(received["x-breezeway-request-id"]).toMatch(/^[\w.-]{8,128}$/);
    },
  );

  it("are empty in a refusal of /authz", async () => {
    const question = { "x-forwarded-method": "GET", "x-forwarded-uri": "/orders/1" };
    const answer = await fetch(`${gateway.url}/authz`, { headers: question });
    const { headers } = vectors.identities.find(({ session }) => session === null) ?? {};
    const { "x-breezeway-request-id": _, ...expected } = headers ?? {};
    expect(answer.status).toBe(401);
    expect(Object.fromEntries(answer.headers)).toMatchObject(expected);
  });
});

it.each(vectors.removed)("does not pass on %s as the client wrote it", async (name) => {
  const before = gateway.upstream.requests.length;
  const token = gateway.tokens.token();
  const lines = [
    "GET /orders/1 HTTP/1.1",
    "Host: gateway.example",
    `Authorization: Bearer ${token}`,
    `${name}: spoofed`,
    "Connection: close",
  ];
  await sendRaw(gateway.url, `${lines.join("\r\n")}\r\n\r\n`);
  expect(gateway.upstream.requests).toHaveLength(before + 1);
  expect(gateway.upstream.requests.at(-1)?.rawHeaders).not.toContain("spoofed");
});

it.each(vectors.credentials)("answers to $name", async ({ authorization, reason }) => {
  const token = gateway.tokens.token();
  const lines = [
    "GET /orders/1 HTTP/1.1",
    "Host: gateway.example",
    ...authorization.map((value) => `Authorization: ${value.replaceAll("<token>", token)}`),
    "Connection: close",
  ];
  const answer = await sendRaw(gateway.url, `${lines.join("\r\n")}\r\n\r\n`);
  if (reason === undefined) expect(statusOf(answer)).toBe(200);
  else expect(answer).toContain(`"reason":"${reason}"`);
});

describe("a service behind the gateway", () => {
  it.each(vectors.encoding.filter(({ header }) => header !== "" && !header.includes("%u")))(
    "reads $header as $value",
    ({ value, header }) => {
      expect(requireIdentity(identityOf(header)).userId).toBe(value);
    },
  );

  it.each(vectors.notEncoded)("refuses %s, which no gateway writes", (header) => {
    expect(() => requireIdentity(identityOf(header))).toThrow(
      expect.objectContaining({ code: "REQUEST_MALFORMED" }) as Error,
    );
  });
});

function identityOf(user: string): Readonly<Record<string, string>> {
  const [first] = vectors.identities;
  return { ...first?.headers, "x-breezeway-user": user };
}
