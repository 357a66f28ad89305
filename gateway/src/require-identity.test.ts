import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identityHeaderList, IDENTITY_HEADERS } from "./request/identity-headers.ts";
import { requireIdentity, toProblem } from "./require-identity.ts";

const good = {
  "x-breezeway-user": "alice",
  "x-breezeway-tenant": "acme",
  "x-breezeway-app": "orders",
  "x-breezeway-session": "s1",
  "x-breezeway-scope": "orders:read orders:write",
  "x-breezeway-request-id": "r1",
  "x-tenant-id": "acme",
};

describe("requireIdentity", () => {
  it("throws an error that toProblem of the same entry turns into an answer", () => {
    let thrown: unknown;
    try {
      requireIdentity({});
    } catch (error) {
      thrown = error;
    }
    const { status, problem } = toProblem(thrown, { requestId: "r1" });
    expect([status, problem.reason]).toEqual([401, "token-missing"]);
  });

  it("reads Node's headers and Web-standard ones alike", () => {
    const identity = {
      userId: "alice",
      tenantId: "acme",
      appId: "orders",
      sessionId: "s1",
      scopes: ["orders:read", "orders:write"],
      requestId: "r1",
    };
    expect(requireIdentity(good)).toEqual(identity);
    expect(requireIdentity(new Headers(good))).toEqual(identity);
  });

  it("returns no scopes when the scope header is empty or absent", () => {
    expect(requireIdentity({ ...good, "x-breezeway-scope": "" }).scopes).toEqual([]);
    expect(requireIdentity({ ...good, "x-breezeway-scope": undefined }).scopes).toEqual([]);
  });

  it.each(Object.keys(good).filter((name) => name !== "x-breezeway-scope"))(
    "refuses a request without %s",
    (name) => {
      const { [name as keyof typeof good]: _, ...rest } = good;
      expect(() => requireIdentity(rest)).toThrow(
        expect.objectContaining({ code: "TOKEN_MISSING" }),
      );
    },
  );

  it.each([
    ["a header that was sent twice, as Node joins it", { "x-breezeway-user": "alice, bob" }],
    ["a header that was sent twice, as a list", { "x-breezeway-user": ["alice", "bob"] }],
    ["two tenants", { "x-tenant-id": "globex" }],
    ["a broken encoding", { "x-breezeway-user": "%E0%A4%A" }],
  ])("refuses %s", (_name, headers) => {
    expect(() => requireIdentity({ ...good, ...headers })).toThrow(
      expect.objectContaining({ code: "REQUEST_MALFORMED" }),
    );
  });

  it("does not read an inherited property as a header", () => {
    const headers = Object.create(good) as Record<string, string>;
    expect(() => requireIdentity(headers)).toThrow(
      expect.objectContaining({ code: "TOKEN_MISSING" }),
    );
  });
});

describe("the encoding of identities", () => {
  const id = fc.string({ unit: "binary", minLength: 1 }).filter((text) => text.isWellFormed());

  it("round-trips in visible ASCII without a comma", () => {
    fc.assert(
      fc.property(id, id, (userId, tenantId) => {
        const list = identityHeaderList({
          userId,
          tenantId,
          appId: "orders",
          sessionId: "s1",
          scopes: ["orders:read"],
        });
        const headers: Record<string, string> = { [IDENTITY_HEADERS.requestId]: "r1" };
        for (let index = 0; index < list.length; index += 2) {
          headers[list[index]!] = list[index + 1]!;
        }
        expect(headers["x-breezeway-user"]).toMatch(/^[!-~]+$/);
        expect(headers["x-breezeway-user"]).not.toContain(",");
        expect(requireIdentity(headers)).toMatchObject({ userId, tenantId });
      }),
    );
  });
});
