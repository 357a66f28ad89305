import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Issuer } from "./index.ts";
import { testIssuer } from "../test-support/test-issuer.ts";

let issuer: Issuer;
beforeAll(() => {
  issuer = testIssuer();
});
afterAll(() => issuer.close());

const ALICE = { userId: "alice", tenantId: "acme" };

type Use = (issuer: Issuer, id: string) => Promise<unknown>;

describe.each<readonly [string, string, Use]>([
  ["sessions.create", "userId", ({ sessions }, id) => sessions.create({ ...ALICE, userId: id })],
  [
    "sessions.create",
    "tenantId",
    ({ sessions }, id) => sessions.create({ ...ALICE, tenantId: id }),
  ],
  [
    "sessions.create",
    "tenants",
    ({ sessions }, id) =>
      sessions.create({ ...ALICE, tenants: { acme: { scopes: [] }, [id]: { scopes: [] } } }),
  ],
  ["sessions.get", "handle", ({ sessions }, id) => sessions.get(id)],
  ["sessions.mintToken", "handle", ({ sessions }, id) => sessions.mintToken(id, "orders")],
  ["sessions.listForUser", "userId", ({ sessions }, id) => sessions.listForUser(id)],
  [
    "sessions.listForUser",
    "tenantId",
    ({ sessions }, id) => sessions.listForUser("alice", { tenantId: id }),
  ],
  ["sessions.revoke", "handle", ({ sessions }, id) => sessions.revoke(id)],
  ["sessions.revokeAllForUser", "userId", ({ sessions }, id) => sessions.revokeAllForUser(id)],
  [
    "sessions.revokeAllForUser",
    "tenantId",
    ({ sessions }, id) => sessions.revokeAllForUser("alice", { tenantId: id }),
  ],
  ["sessions.revokeAllInTenant", "tenantId", ({ sessions }, id) => sessions.revokeAllInTenant(id)],
  ["sessions.revokeTokensForApp", "appId", ({ sessions }, id) => sessions.revokeTokensForApp(id)],
  ["sessions.updateClaims", "handle", ({ sessions }, id) => sessions.updateClaims(id, {})],
  ["sessions.updateData", "handle", ({ sessions }, id) => sessions.updateData(id, {})],
  ["sessions.renew", "handle", ({ sessions }, id) => sessions.renew(id)],
  ["sessions.switchTenant", "handle", ({ sessions }, id) => sessions.switchTenant(id, "acme")],
  ["sessions.switchTenant", "tenantId", ({ sessions }, id) => sessions.switchTenant("s", id)],
])("%s refuses as its %s", (_method, field, use) => {
  it.each([
    ["an empty string", ""],
    ["more than 256 characters", "x".repeat(257)],
    ["a NUL", "a\0b"],
    ["half of a surrogate pair", "a\ud83d"],
  ])("%s, naming the field", async (_name, id) => {
    await expect(use(issuer, id)).rejects.toMatchObject({
      code: "REQUEST_MALFORMED",
      message: expect.stringMatching(new RegExp(`\\b${field}\\b.*must`, "s")) as string,
    });
  });
});
