import { exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLocalVault, type KeyVault } from "../index.ts";
import { createKeyPlace, mint, verify, type KeyPlace } from "../../test-support/key-place.ts";
import { call, reasonOf, signIn, type TestClock } from "../../test-support/test-issuer.ts";

let place: KeyPlace;
let clock: TestClock;

beforeEach(() => {
  place = createKeyPlace();
  ({ clock } = place);
});

afterEach(() => place.close());

const start: KeyPlace["start"] = (options) => place.start(options);

const otherKey = await generateKeyPair("Ed25519", { extractable: true }).then(({ privateKey }) =>
  exportJWK(privateKey),
);

describe("keys at rest", () => {
  const encryptionSecret = "a long enough secret";

  it("are encrypted with a secret and can be decrypted with it", async () => {
    const first = start({ keys: { encryptionSecret } });
    const cookie = await signIn(first);
    await first.close();
    const [row] = await place.rows();
    expect(row?.private_reference.split(".")).toHaveLength(5);
    expect(row?.private_reference).not.toContain('"d"');
    const again = start({ keys: { encryptionSecret } });
    await verify(again, await mint(again, cookie), { nowMs: clock.nowMs });
  });

  it.each([
    ["is missing", {}, "is encrypted. Set keys.encryptionSecret"],
    [
      "has changed",
      { encryptionSecret: "another long enough one" },
      "another keys.encryptionSecret",
    ],
  ])(
    "stop the start and stay in the store when the encryption secret %s",
    async (_case, keys, message) => {
      await start({ keys: { encryptionSecret } }).ready;
      const issuer = start({ keys });
      await expect(issuer.ready).rejects.toThrow(message);
      await expect(issuer.ready).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
      expect(await reasonOf(await call(issuer, "/session"))).toBe("503 keys-unavailable");
      expect(await place.rows()).toHaveLength(1);
    },
  );

  it.each([
    ["cut short", (reference: string) => reference.slice(0, 20)],
    ["replaced by another key", () => JSON.stringify(otherKey)],
    ["emptied", () => "{}"],
  ])(
    "stop the start when one is %s, with an error that names the key without its secret",
    async (_case, damage) => {
      await start().ready;
      const [row] = await place.rows();
      await place.setReference(row!.kid, damage(row!.private_reference));
      const error = await start().ready.then(
        () => undefined,
        (failure: unknown) => failure as Error,
      );
      expect(error?.message).toContain(`Signing key ${row!.kid}`);
      const secret = (JSON.parse(row!.private_reference) as { d: string }).d;
      expect(JSON.stringify([error?.message, error?.stack, error?.cause])).not.toContain(
        secret.slice(0, 12),
      );
    },
  );

  it("refuses a secret that is too short", () => {
    expect(() => createLocalVault({ encryptionSecret: "short" })).toThrow("at least 16 characters");
  });
});

describe("a key vault", () => {
  it("makes keys and signs outside the issuer, with any delay", async () => {
    const inner = createLocalVault();
    let signatures = 0;
    const kms: KeyVault = {
      async create(alg) {
        const made = await inner.create(alg);
        secrets.set("kms://key/1", made.reference);
        return { publicJwk: made.publicJwk, reference: "kms://key/1" };
      },
      async open({ publicJwk, reference }, alg) {
        const signer = await inner.open(
          { publicJwk, reference: secrets.get(reference) ?? "" },
          alg,
        );
        return {
          sign: async (data) => {
            signatures += 1;
            return signer.sign(data);
          },
        };
      },
    };
    const secrets = new Map<string, string>();
    const issuer = start({ keys: { vault: kms } });
    await verify(issuer, await mint(issuer, await signIn(issuer)), { nowMs: clock.nowMs });
    expect(signatures).toBe(1);
    expect((await place.rows())[0]?.private_reference).toBe("kms://key/1");
  });

  it("that is unavailable prevents new tokens and does not end the session", async () => {
    const inner = createLocalVault();
    const issuer = start({
      onError: () => undefined,
      keys: {
        vault: {
          create: (alg) => inner.create(alg),
          open: () => Promise.resolve({ sign: () => Promise.reject(new Error("kms down")) }),
        },
      },
    });
    const cookie = await signIn(issuer);
    const response = await call(issuer, "/session/token", {
      method: "POST",
      body: { appId: "orders" },
      cookie,
    });
    expect(await reasonOf(response)).toBe("503 keys-unavailable");
    expect((await call(issuer, "/session", { cookie })).status).toBe(200);
  });
});
