import type { Revocation, SessionClaims } from "@breezeway/shared/schemas";
import { describe, expect, it } from "vitest";
import { NOW_SECONDS as NOW, claimsAt } from "@breezeway/test-support/signer";
import { createRevocationList } from "./revocation-list.ts";

// User alice of tenant acme, app orders, session-1.
const claims = claimsAt(NOW) as unknown as SessionClaims;

let nowMs = 0;
const clock = { monotonic: () => nowMs };

function isRevokedBy(...revocations: readonly Revocation[]): boolean {
  const list = createRevocationList({ clock });
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

describe("a token that names the last entry that it respects", () => {
  const DAY = 86_400;

  it.each<[string, { rev?: number; renumberedAtSeconds?: number }, Partial<Revocation>, boolean]>([
    ["is revoked by a later entry", { rev: 7 }, { seq: 8 }, true],
    [
      "is revoked by a later entry of a clock that is behind",
      { rev: 7 },
      { seq: 8, atSeconds: NOW - DAY },
      true,
    ],
    ["is not revoked by the entry that it names", { rev: 8 }, { seq: 8 }, false],
    [
      "is not revoked by an earlier entry of a clock that is ahead",
      { rev: 8 },
      { seq: 7, atSeconds: NOW + DAY },
      false,
    ],
    ["is revoked by its time when the entry has no number", { rev: 8 }, { atSeconds: NOW }, true],
    [
      "is not revoked by an earlier entry without a number",
      { rev: 8 },
      { atSeconds: NOW - 1 },
      false,
    ],
    [
      "is revoked by its time when its number is of another log",
      { rev: 8, renumberedAtSeconds: NOW },
      { seq: 3, atSeconds: NOW },
      true,
    ],
    [
      "is not revoked by an earlier time of another log",
      { rev: 8, renumberedAtSeconds: NOW },
      { seq: 9, atSeconds: NOW - 1 },
      false,
    ],
    [
      "is judged by its number when it is younger than the log",
      { rev: 3, renumberedAtSeconds: NOW - 1 },
      { seq: 3, atSeconds: NOW },
      false,
    ],
  ])("%s", (_name, { rev, renumberedAtSeconds }, entry, expected) => {
    for (const subject of [
      { kind: "user", id: "alice" },
      { kind: "user", id: "alice", tenantId: "acme" },
      { kind: "tenant", id: "acme" },
      { kind: "app", id: "orders" },
    ] as const) {
      const list = createRevocationList({ clock, renumberedAtSeconds });
      list.add({ ...subject, atSeconds: NOW, ...entry });
      expect(list.isRevoked({ ...claims, rev })).toBe(expected);
    }
  });

  it("is revoked by its session whatever the numbers", () => {
    const list = createRevocationList({ clock });
    list.add({ kind: "session", id: "session-1", atSeconds: NOW, seq: 3 });
    expect(list.isRevoked({ ...claims, rev: 8 })).toBe(true);
  });

  it("is judged by the latest of several numbers, in any order of arrival", () => {
    for (const numbers of [
      [5, 9],
      [9, 5],
    ]) {
      const list = createRevocationList({ clock });
      for (const seq of numbers) list.add({ kind: "app", id: "orders", atSeconds: NOW, seq });
      expect([8, 9].map((rev) => list.isRevoked({ ...claims, rev }))).toEqual([true, false]);
    }
  });
});

describe("entries", () => {
  it("are kept until the tokens that they revoke have expired, and are then dropped", () => {
    const list = createRevocationList({ clock });
    list.add({ kind: "session", id: "session-1", atSeconds: NOW });
    list.add({ kind: "user", id: "alice", tenantId: "acme", atSeconds: NOW });
    nowMs += 365_000;
    list.prune();
    expect(list.size).toBe(2);
    nowMs += 1_000;
    list.prune();
    expect(list.size).toBe(0);
    expect(list.isRevoked(claims)).toBe(false);
  });

  it("about a key are kept for as long as a cached key set may contain it", () => {
    const list = createRevocationList({ clock });
    list.add({ kind: "key", id: "key-1", atSeconds: NOW });
    nowMs += 7_200_000;
    list.prune();
    expect(list.isKeyRemoved("key-1")).toBe(true);
    expect(list.isKeyRemoved("key-2")).toBe(false);
    nowMs += 1_000;
    list.prune();
    expect(list.isKeyRemoved("key-1")).toBe(false);
  });

  it("are reported as present only when adding them would change nothing", () => {
    const list = createRevocationList({ clock });
    const entry = { kind: "user", id: "alice", tenantId: "acme", atSeconds: NOW } as const;
    expect(list.has(entry)).toBe(false);
    list.add(entry);
    expect(list.has(entry)).toBe(true);
    expect(list.has({ ...entry, atSeconds: NOW + 1 })).toBe(false);
    expect(list.has({ ...entry, tenantId: undefined })).toBe(false);
  });
});
