/** A real gateway, real issuers and their Postgres, while one issuer has no connection to Postgres. */
import { describe, expect, it } from "vitest";
import { ISSUER_URL } from "@breezeway/test-support/issuer-fixture";
import { startIssuerProcess, type IssuerProcess } from "@breezeway/test-support/issuer-process";
import {
  installedPostgres,
  startDatabase,
  startPostgresRelay,
  type PostgresRelay,
} from "@breezeway/test-support/postgres";
import { startRelay } from "@breezeway/test-support/relay";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

interface Scene extends AsyncDisposable {
  /** An issuer that connects to Postgres through the relay. */
  readonly near: IssuerProcess;
  readonly other: IssuerProcess;
  readonly toPostgres: PostgresRelay;
}

async function start(): Promise<Scene> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await startDatabase());
  const toPostgres = parts.use(await startPostgresRelay(database.url));
  const near = parts.use(await startIssuerProcess(toPostgres.connectionString));
  const other = parts.use(await startIssuerProcess(database.url));
  const open = parts.move();
  return { near, other, toPostgres, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** A gateway that follows the feed at a port, with default options. */
function follow(port: number, { other }: Scene): Promise<TestGateway> {
  return startGateway({
    gateway: {
      issuer: ISSUER_URL,
      jwks: `${other.url}/.well-known/jwks.json`,
      revocations: { url: `http://127.0.0.1:${port}/auth/revocations` },
    },
  });
}

async function until(test: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await test())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const feedState = async ({ url }: TestGateway): Promise<string> => {
  const readiness = await (await fetch(`${url}/health/ready`)).json();
  return (readiness as { readonly checks: { readonly revocations: string } }).checks.revocations;
};

const metric = async ({ url }: TestGateway, name: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^breezeway_gateway_${name} (.*)$`, "m").exec(text)?.[1]);
};

const statusOf = async (gateway: TestGateway, token: string): Promise<number> =>
  (await gateway.request("/orders", { headers: { authorization: `Bearer ${token}` } })).status;

describe.runIf(installedPostgres)("an issuer that is cut off from its database", () => {
  it("informs its followers, which miss no revocation once it reads again", async () => {
    await using scene = await start();
    const { near, other, toPostgres } = scene;
    await using gateway = await follow(near.port, scene);
    const cookie = await other.signIn();
    const token = await other.token(cookie);
    await until(async () => (await feedState(gateway)) === "live");
    expect(await statusOf(gateway, token)).toBe(200);

    toPostgres.cut();
    await other.signOut(cookie);
    await until(async () => (await feedState(gateway)) === "lost");
    expect(await metric(gateway, "revocation_feed_live")).toBe(0);
    // Its last heartbeat covers what was committed until 2 s before, and it has sent none since.
    const lag = await metric(gateway, "revocation_lag_seconds");
    await until(async () => (await metric(gateway, "revocation_lag_seconds")) > lag + 1);
    expect(await statusOf(gateway, token)).toBe(200);

    toPostgres.restore();
    await until(async () => (await statusOf(gateway, token)) === 401);
    expect(await feedState(gateway)).toBe("live");
    expect(await metric(gateway, "revocation_feed_live")).toBe(1);
  });

  it("disconnects them, and they miss no revocation at another issuer behind the same load balancer", async () => {
    await using scene = await start();
    const { near, other, toPostgres } = scene;
    await using balancer = await startRelay([near.port, other.port]);
    await using gateway = await follow(balancer.port, scene);
    const cookie = await other.signIn();
    const token = await other.token(cookie);
    await until(async () => (await feedState(gateway)) === "live");
    expect(await statusOf(gateway, token)).toBe(200);

    toPostgres.freeze();
    await other.signOut(cookie);
    await until(async () => (await statusOf(gateway, token)) === 401);
    expect(await feedState(gateway)).toBe("live");
  });
});
