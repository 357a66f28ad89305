import { installationListResponseSchema, parseWith } from "@breezeway/shared/schemas";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  sendAsHostPage,
  startIssuerProcess,
  type IssuerProcess,
} from "@breezeway/test-support/issuer-process";
import {
  installableApps,
  startAppBackend,
  status,
  type AppBackend,
} from "../../test-support/app-backend.ts";
import { gate, ORDERS } from "../../test-support/installations.ts";
import { describeStores } from "../../test-support/stores.ts";
import { cookieOf } from "../../test-support/test-issuer.ts";
import { retryTimes } from "./installations-runtime.ts";

const { leaseMs } = retryTimes(8);

let backend: AppBackend;
beforeAll(async () => {
  backend = await startAppBackend();
});
afterAll(() => backend.close());

/** The next call arrives and gets no answer. */
function holdCall(): Promise<void> {
  const arrived = gate();
  backend.answer = () => arrived.open();
  return arrived.passed;
}

async function stateAt({ url }: IssuerProcess, cookie: string): Promise<string | undefined> {
  const answer = await sendAsHostPage(`${url}/installations`, "GET", { cookie });
  const context = { code: "OFFLINE", source: "installations" } as const;
  const { installations } = parseWith(installationListResponseSchema, await answer.json(), context);
  return installations[0]?.state;
}

describeStores("an issuer on $name that is killed during a call", (place) => {
  it("leaves the call to another process, which repeats it with the same id", async () => {
    const first = backend.calls.length;
    let clockAheadMs = 0;
    // The next process starts later, after the claim of the dead one has ended.
    const start = (): Promise<IssuerProcess> => {
      const options = { clockAheadMs, apps: installableApps(backend.origin) };
      clockAheadMs += leaseMs;
      return startIssuerProcess(place().location, options);
    };

    let issuer = await start();
    const login = await sendAsHostPage(`${issuer.url}/login/dev`, "POST", {
      body: { userId: "alice", tenantId: "acme" },
    });
    const cookie = cookieOf(login);
    const command = (name: string) =>
      sendAsHostPage(`${issuer.url}/installations/${name}`, "POST", { cookie, body: ORDERS });
    const killInCall = async (name: string): Promise<void> => {
      const held = holdCall();
      expect(await command(name)).toMatchObject({ status: 200 });
      await held;
      await issuer.kill();
      backend.answer = status(204);
      issuer = await start();
    };
    const until = (state: string) =>
      expect.poll(() => stateAt(issuer, cookie), { interval: 5 }).toBe(state);

    await killInCall("install");
    await until("setup");
    await killInCall("uninstall");
    await until("uninstalled");
    await issuer.kill();

    const said = backend.calls.slice(first).map((call) => call.said);
    expect(said.map(({ event }) => event)).toEqual([
      "connect",
      "connect",
      "disconnect",
      "disconnect",
    ]);
    expect(new Set(said.map(({ installationId }) => installationId)).size).toBe(1);
  });
});
