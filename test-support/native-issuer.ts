/** A real issuer in this process on a loopback port, also for programs that hold their own session (`nativeSessions`). */
import { createServer } from "node:http";
import { createIssuerForTesting } from "@breezeway/issuer/testing";
import { sqliteStore, type Issuer, type IssuerOptions } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";
import { systemClock, type Clock } from "@breezeway/shared";
import { freePort } from "./free-port.ts";
import { MANIFESTS, USERS } from "./issuer-fixture.ts";
import { listen } from "./listen.ts";

export interface NativeIssuer extends AsyncDisposable {
  /** Its `iss`, and the base of its endpoints. */
  readonly url: string;
  readonly issuer: Issuer;
}

/** @param clock - The issuer's wall clock. Its timers are real, since its sockets are. */
export async function startNativeIssuer(
  clock: Pick<Clock, "now"> = systemClock(),
  options: Partial<IssuerOptions> = {},
): Promise<NativeIssuer> {
  const port = await freePort();
  const url = `http://localhost:${port}/auth`;
  const issuer = createIssuerForTesting(
    {
      issuer: url,
      apps: MANIFESTS,
      store: sqliteStore({ file: ":memory:" }),
      devLogin: { users: USERS },
      nativeSessions: true,
      rateLimits: false,
      ...options,
    },
    { clock: { ...systemClock(), now: () => clock.now() } },
  );
  const server = await listen(createServer(toNodeHandler(issuer)), port);
  return {
    url,
    issuer,
    async [Symbol.asyncDispose]() {
      await issuer.close();
      await server.close();
    },
  };
}
