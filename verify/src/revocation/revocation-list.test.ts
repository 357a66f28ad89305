import type { Revocation, SessionClaims } from "@breezeway/shared/schemas";
import { describe, expect, it } from "vitest";
import { NOW_SECONDS as NOW, claimsAt } from "@breezeway/test-support/signer";
import { createRevocationList } from "./revocation-list.ts";

// User alice of tenant acme, app orders, session-1.
const claims = claimsAt(NOW) as unknown as SessionClaims;

function isRevokedBy(...revocations: readonly Revocation[]): boolean {
  const list = createRevocationList();
  for (const revocation of revocations) list.add(revocation);
  return list.isRevoked(claims);
}

describe("a token is revoked", () => {
  it.each<[string, Revocation]>([
    [
      "by its session, also with an entry older than the token",
      { kind: "session", id: "session-1", atSeconds: NOW - 9 },
    ],
    ["by its user", { kind: "user", id: "alice", atSeconds: NOW }],
    ["by its user in its tenant", { kind: "user", id: "alice", tenantId: "acme", atSeconds: NOW }],
    ["by its tenant", { kind: "tenant", id: "acme", atSeconds: NOW + 1 }],
    ["by its app", { kind: "app", id: "orders", atSeconds: NOW }],
    ["by its app in its tenant", { kind: "app", id: "orders", tenantId: "acme", atSeconds: NOW }],
  ])("%s", (_name, revocation) => {
    expect(isRevokedBy(revocation)).toBe(true);
  });

  it("by the latest of several entries, in any order of arrival", () => {
    const early = { kind: "user", id: "alice", atSeconds: NOW - 10 } as const;
    const late = { kind: "user", id: "alice", atSeconds: NOW } as const;
    expect(isRevokedBy(early, late)).toBe(true);
    expect(isRevokedBy(late, early)).toBe(true);
  });
});

describe("a token is not revoked", () => {
  it.each<[string, Revocation]>([
    ["by another session", { kind: "session", id: "session-2", atSeconds: NOW }],
    [
      "by its user with an entry older than the token",
      { kind: "user", id: "alice", atSeconds: NOW - 1 },
    ],
    [
      "by its user in another tenant",
      { kind: "user", id: "alice", tenantId: "globex", atSeconds: NOW },
    ],
    ["by an id of another kind", { kind: "user", id: "session-1", atSeconds: NOW }],
    ["by another app", { kind: "app", id: "inspector", atSeconds: NOW }],
    ["by a name from Object.prototype", { kind: "user", id: "__proto__", atSeconds: NOW }],
  ])("%s", (_name, revocation) => {
    expect(isRevokedBy(revocation)).toBe(false);
  });

  it("by an empty list", () => {
    expect(isRevokedBy()).toBe(false);
  });
});

describe("entries", () => {
  it("are kept until the tokens that they revoke have expired, and are then dropped", () => {
    const list = createRevocationList();
    list.add({ kind: "session", id: "session-1", atSeconds: NOW });
    list.add({ kind: "user", id: "alice", tenantId: "acme", atSeconds: NOW });
    list.prune(NOW + 305);
    expect(list.size).toBe(2);
    list.prune(NOW + 366);
    expect(list.size).toBe(0);
    expect(list.isRevoked(claims)).toBe(false);
  });

  it("about a key are kept for as long as a cached key set may contain it", () => {
    const list = createRevocationList();
    list.add({ kind: "key", id: "key-1", atSeconds: NOW });
    list.prune(NOW + 7_200);
    expect(list.isKeyRemoved("key-1")).toBe(true);
    expect(list.isKeyRemoved("key-2")).toBe(false);
    list.prune(NOW + 7_201);
    expect(list.isKeyRemoved("key-1")).toBe(false);
  });

  it("are reported as present only when adding them would change nothing", () => {
    const list = createRevocationList();
    const entry = { kind: "user", id: "alice", tenantId: "acme", atSeconds: NOW } as const;
    expect(list.has(entry)).toBe(false);
    list.add(entry);
    expect(list.has(entry)).toBe(true);
    expect(list.has({ ...entry, atSeconds: NOW + 1 })).toBe(false);
    expect(list.has({ ...entry, tenantId: undefined })).toBe(false);
  });
});
