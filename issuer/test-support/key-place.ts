/** A place for issuers whose keys a test examines, on one store file and one clock. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from "jose";
import { ISSUER_URL } from "@breezeway/test-support/issuer-fixture";
import { sqliteStore, type Issuer, type Store } from "../src/index.ts";
import { call, testClock, testIssuer, type TestClock } from "./test-issuer.ts";

export interface KeyPlace {
  readonly clock: TestClock;
  readonly store: Store;
  /** Starts an issuer on the place's store. It closes with the place. */
  start(options?: Parameters<typeof testIssuer>[0]): Issuer;
  /** The stored keys, oldest first. */
  rows(): Promise<{ kid: string; private_reference: string }[]>;
  setReference(kid: string, reference: string): Promise<void>;
  close(): Promise<void>;
}

export function createKeyPlace(): KeyPlace {
  const folder = mkdtempSync(join(tmpdir(), "issuer-keys-"));
  const store = sqliteStore({ file: join(folder, "issuer.sqlite"), durability: "normal" });
  const clock = testClock();
  const issuers: Issuer[] = [];
  return {
    clock,
    store,
    start(options = {}) {
      const issuer = testIssuer({ store, clock, ...options });
      issuers.push(issuer);
      return issuer;
    },
    async rows() {
      const opened = await store.open();
      try {
        return await opened.db
          .selectFrom("breezeway_signing_key")
          .select(["kid", "private_reference"])
          .orderBy("ordinal")
          .execute();
      } finally {
        await opened.close();
      }
    },
    async setReference(kid, reference) {
      const opened = await store.open();
      await opened.db
        .updateTable("breezeway_signing_key")
        .set({ private_reference: reference })
        .where("kid", "=", kid)
        .execute();
      await opened.close();
    },
    async close() {
      await Promise.all(issuers.map((issuer) => issuer.close()));
      rmSync(folder, { recursive: true });
    },
  };
}

export async function jwksOf(issuer: Issuer): Promise<JSONWebKeySet> {
  return (await (await call(issuer, "/.well-known/jwks.json")).json()) as JSONWebKeySet;
}

export async function mint(issuer: Issuer, cookie: string, appId = "orders"): Promise<string> {
  const response = await call(issuer, "/session/token", {
    method: "POST",
    body: { appId },
    cookie,
  });
  const { token } = (await response.json()) as { token: string };
  return token;
}

/**
 * Verifies a token with an independent library against the key set that the issuer publishes now.
 */
export async function verify(
  issuer: Issuer,
  token: string,
  { nowMs, audience = "orders" }: { readonly nowMs: number; readonly audience?: string },
): Promise<void> {
  await jwtVerify(token, createLocalJWKSet(await jwksOf(issuer)), {
    issuer: ISSUER_URL,
    audience,
    currentDate: new Date(nowMs),
  });
}
