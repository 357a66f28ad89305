/** A Postgres store whose server asks for a password or TLS, or lacks it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  query,
  START_TIMEOUT_MS,
  startPostgres,
  type PostgresServer,
} from "@breezeway/test-support/postgres";
import { postgresStore } from "../../postgres.ts";
import { CERTIFICATE, KEY } from "../../../test-support/tls-backend.ts";

const PASSWORD = "canary-4711";
const WRONG = "canary-1147";

let withTls: PostgresServer;
let withoutTls: PostgresServer;

beforeAll(async () => {
  const access = [
    "hostnossl all tls_only 127.0.0.1/32 reject",
    "host all all 127.0.0.1/32 scram-sha-256",
  ];
  [withTls, withoutTls] = await Promise.all([
    startPostgres({ access, tcp: { tls: { key: KEY, certificate: CERTIFICATE } } }),
    startPostgres({ access, tcp: {} }),
  ]);
  for (const server of [withTls, withoutTls]) {
    await query(
      await server.createDatabase(),
      `create user guest password '${PASSWORD}'; create user without_password;
       create user tls_only password '${PASSWORD}'; grant create on schema public to guest`,
    );
    await query(await server.createDatabase(), "grant create on schema public to tls_only");
  }
}, START_TIMEOUT_MS);
afterAll(() => Promise.all([withTls.close(), withoutTls.close()]));

const urlOf = ({ port }: PostgresServer, user: string, rest = "test_1"): string =>
  `postgres://${user}@127.0.0.1:${port}/${rest}`;

async function failureOf(connectionString: string): Promise<string> {
  const failure: unknown = await postgresStore({ connectionString })
    .open()
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "STORE_UNAVAILABLE" });
  return (failure as Error).message;
}

describe("a Postgres store", () => {
  it.each<[string, () => string, RegExp]>([
    [
      "refuses the password",
      () => urlOf(withTls, `guest:${WRONG}`),
      /the server refused the user or the password\. Check the connection string \(SQLSTATE 28P01: password authentication failed for user "guest"\)/,
    ],
    [
      "does not know the user",
      () => urlOf(withTls, `nobody:${WRONG}`),
      /the server refused the user or the password\. .*\(SQLSTATE 28P01: password authentication failed for user "nobody"\)/,
    ],
    [
      "has no password of the user",
      () => urlOf(withTls, `without_password:${WRONG}`),
      /the server refused the user or the password\. .*\(SQLSTATE 28P01: /,
    ],
    [
      "asks for a password that the connection string lacks",
      () => urlOf(withTls, "guest"),
      /the server asks for a password, and the connection string has none/,
    ],
    [
      "requires TLS, and the connection string does not ask for it",
      () => urlOf(withTls, `tls_only:${PASSWORD}`),
      /requires TLS\. Check pg_hba\.conf and the sslmode of the connection string \(SQLSTATE 28000: pg_hba\.conf rejects connection for host "127\.0\.0\.1", user "tls_only", database "test_1", no encryption\)/,
    ],
    [
      "has no TLS, and the connection string asks for it",
      () => urlOf(withoutTls, `guest:${PASSWORD}`, "test_1?sslmode=verify-full"),
      /the server has no TLS\. Switch it on there, or remove sslmode from the connection string/,
    ],
    [
      "has a certificate that no known authority has signed",
      () => urlOf(withTls, `guest:${PASSWORD}`, "test_1?sslmode=verify-full"),
      /no trusted authority has signed the server's certificate\. Name its authority in sslrootcert .*\(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    ],
  ])("names the cause, and what to do, when the server %s", async (_case, url, cause) => {
    const message = await failureOf(url());
    expect(message).toMatch(cause);
    expect(message).toMatch(/^The Postgres store cannot be opened: .*[^.]\.$/);
    expect(message).not.toContain(PASSWORD);
    expect(message).not.toContain(WRONG);
  });

  it.each<[string, () => string]>([
    ["with the password", () => urlOf(withTls, `guest:${PASSWORD}`)],
    ["over TLS", () => urlOf(withTls, `tls_only:${PASSWORD}`, "test_2?sslmode=no-verify")],
  ])("opens %s", async (_case, url) => {
    const store = await postgresStore({ connectionString: url() }).open();
    expect(await store.nowMs()).toBeGreaterThan(0);
    await store.close();
  });
});
