import { beforeEach, describe, expect, it } from "vitest";
import { appendChanges, latestSeq, readChanges } from "../changes/change-log.ts";
import { createKeyStore, type StoredKey } from "../keys/key-store.ts";
import { describeStores } from "../../test-support/stores.ts";
import type { OpenStore } from "./store.ts";

const NOW_MS = 1_800_000_000_000;

function key(kid: string, ordinal: number): StoredKey {
  return {
    kid,
    alg: "EdDSA",
    ordinal,
    publicJwk: { kty: "OKP", crv: "Ed25519", x: kid },
    reference: `private-${kid}`,
    createdAtMs: NOW_MS,
    activatesAtMs: NOW_MS,
    activatedAtMs: NOW_MS,
    retiresAtMs: undefined,
    removedAtMs: undefined,
  };
}

describeStores("the $name store", (place, fixture) => {
  let store: OpenStore;
  beforeEach(async () => {
    store = await place().store().open();
    return () => store.close();
  });

  describe("the change log", () => {
    it("numbers changes of concurrent writers without a gap, in commit order", async () => {
      const other = await place().store().open();
      const seen: number[] = [];
      const reader = (async () => {
        let after = 0;
        while (after < 40) {
          for (const { seq } of await readChanges(store.db, after, 100)) {
            seen.push(seq);
            after = seq;
          }
        }
      })();
      await Promise.all(
        Array.from({ length: 40 }, (_, index) => {
          const writer = index % 2 === 0 ? store : other;
          return writer.db
            .transaction()
            .execute((transaction) =>
              appendChanges(writer, transaction, [{ kind: "session", subject: "s" }], NOW_MS),
            );
        }),
      );
      await reader;
      // A reader that follows the numbers misses no change, whatever the order of the commits.
      expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
      await other.close();
    });
  });

  describe("keys", () => {
    it("accepts one of two keys with the same ordinal", async () => {
      const keys = createKeyStore(store);
      const added = await Promise.all([
        keys.add(key("a", 1), NOW_MS),
        keys.add(key("b", 1), NOW_MS),
      ]);
      expect(added.filter(Boolean)).toHaveLength(1);
      expect(await keys.list()).toHaveLength(1);
    });

    it("sets the end of the previous key when it adds the next", async () => {
      const keys = createKeyStore(store);
      await keys.add(key("a", 1), NOW_MS);
      await keys.add(key("b", 2), NOW_MS, { kid: "a", atMs: NOW_MS + 7 });
      expect(await keys.list()).toEqual([{ ...key("a", 1), retiresAtMs: NOW_MS + 7 }, key("b", 2)]);
    });

    it("deletes the private part of a removed key", async () => {
      const keys = createKeyStore(store);
      await keys.add(key("a", 1), NOW_MS);
      await keys.setTimes("a", { removedAtMs: NOW_MS }, NOW_MS);
      const [row] = await store.db.selectFrom("breezeway_signing_key").selectAll().execute();
      expect(row?.private_reference).toBe("");
    });
  });

  it("migrates the schema once when several processes start on an empty store", async () => {
    const empty = await fixture.place();
    const stores = await Promise.all([1, 2, 3].map(() => empty.store().open()));
    expect(await Promise.all(stores.map(({ db }) => latestSeq(db)))).toEqual([0, 0, 0]);
    await Promise.all(stores.map((open) => open.close()));
  });
});
