import { BlockList, type LookupFunction } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { InstallationOptions } from "../index.ts";
import {
  installableApps,
  startAppBackend,
  status,
  type AppBackend,
} from "../../test-support/app-backend.ts";
import { ORDERS } from "../../test-support/installations.ts";
import { testIssuer } from "../../test-support/test-issuer.ts";
import { CERTIFICATE, startTlsBackend, type TlsBackend } from "../../test-support/tls-backend.ts";
import { callBackend } from "./backend-call.ts";
import type { CallOutcome } from "./installation-machine.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import { refusedAddresses } from "./refused-addresses.ts";

const REFUSED = { kind: "refused", reason: "private-address" };
const DONE = { kind: "done" };

let backend: AppBackend;
let tls: TlsBackend;
// Other test files share the process, and with it the list of authorities.
const authorities = getCACertificates("default");
beforeAll(async () => {
  [backend, tls] = await Promise.all([startAppBackend(), startTlsBackend()]);
  setDefaultCACertificates([...authorities, CERTIFICATE]);
});
afterAll(async () => {
  setDefaultCACertificates(authorities);
  await Promise.all([backend.close(), tls.close()]);
});
beforeEach(() => {
  backend.answer = status(204);
});

const CLOSED = refusedAddresses({ loopback: false, private: false });
const OPEN = refusedAddresses({ loopback: true, private: false });

/** A lookup that returns these addresses each time. */
function named(...addresses: readonly string[]): LookupFunction {
  return (_name, _options, answer) =>
    answer(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
}

function call(url: string, refused: BlockList, lookup?: LookupFunction): Promise<CallOutcome> {
  return callBackend(
    { url, body: "{}", token: "the-token" },
    {
      fetch: createGuardedFetch(refused, lookup),
      timeoutMs: 5_000,
      signal: new AbortController().signal,
    },
  );
}

describe("a call to a refused address", () => {
  const port = (): string => new URL(backend.origin).port;

  it.each([
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "localhost",
  ])("fails finally without a connection: %s", async (host) => {
    const before = backend.calls.length;
    expect(await call(`http://${host}:${port()}/`, CLOSED)).toEqual(REFUSED);
    expect(backend.calls).toHaveLength(before);
  });

  it("opens no connection when a name resolves to it, even over TLS", async () => {
    const before = tls.connections;
    const url = `https://backend.test:${tls.port}/`;
    expect(await call(url, CLOSED, named("127.0.0.1"))).toEqual(REFUSED);
    expect(await call(url, CLOSED, named("::1", "127.0.0.1"))).toEqual(REFUSED);
    expect(await call(`https://127.0.0.1:${tls.port}/`, CLOSED)).toEqual(REFUSED);
    expect(tls.connections).toBe(before);
  });

  it("opens no connection when a name resolves to it at the second lookup", async () => {
    const elsewhere = new BlockList();
    elsewhere.addAddress("127.0.0.1");
    elsewhere.addAddress("::1", "ipv6");
    let asked = 0;
    const rebinding: LookupFunction = (...args) =>
      named((asked += 1) === 1 ? "127.0.0.2" : "127.0.0.1")(...args);
    const fetch = createGuardedFetch(elsewhere, rebinding);
    const options = { fetch, timeoutMs: 5_000, signal: new AbortController().signal };
    const again = () =>
      callBackend({ url: `http://backend.test:${port()}/`, body: "{}", token: "t" }, options);
    // Nothing listens at the first address; the backend is at the second.
    expect(await again()).toEqual({ kind: "unavailable", reason: "unreachable" });
    expect(await again()).toEqual(REFUSED);
    expect(asked).toBe(2);
  });

  it("goes to an allowed address of the same name", async () => {
    const one = new BlockList();
    one.addAddress("127.0.0.2");
    const url = `http://backend.test:${port()}/`;
    expect(await call(url, one, named("127.0.0.2", "127.0.0.1"))).toEqual(DONE);
  });
});

describe("a call to an allowed address", () => {
  it("is made, over TLS with the backend's name and a check of its certificate", async () => {
    const lookup = named("127.0.0.1");
    expect(await call(`${backend.origin}/`, OPEN)).toEqual(DONE);
    expect(await call(`https://backend.test:${tls.port}/`, OPEN, lookup)).toEqual(DONE);
    const outage = { kind: "unavailable", reason: "unreachable" };
    expect(await call(`https://other.test:${tls.port}/`, OPEN, lookup)).toEqual(outage);
  });
});

describe("an issuer", () => {
  async function stateAfterConnect(
    issuerUrl: string,
    installations: InstallationOptions,
  ): Promise<string> {
    await using issuer = testIssuer({
      issuer: issuerUrl,
      apps: installableApps(backend.origin),
      installations,
    });
    await issuer.installations.install(ORDERS);
    const read = () => issuer.installations.get(ORDERS);
    await expect.poll(async () => (await read())?.state, { interval: 5 }).not.toBe("installing");
    const installation = await read();
    return `${installation?.state} ${installation?.failure?.reason ?? ""}`.trim();
  }

  it.each<readonly [string, string, InstallationOptions, string]>([
    ["calls no backend on loopback", "https://shell.example/auth", {}, "failed private-address"],
    [
      "calls a backend on loopback with allowPrivateAddresses",
      "https://shell.example/auth",
      { allowPrivateAddresses: true },
      "setup",
    ],
    [
      "calls a backend on loopback when its own URL is on loopback",
      "http://localhost:4000/auth",
      {},
      "setup",
    ],
    [
      "calls a backend on loopback through the host's own fetch",
      "https://shell.example/auth",
      { fetch },
      "setup",
    ],
  ])("%s: %s", async (_name, url, options, state) => {
    const before = backend.calls.length;
    expect(await stateAfterConnect(url, options)).toBe(state);
    expect(backend.calls.length - before).toBe(state === "setup" ? 1 : 0);
  });
});
