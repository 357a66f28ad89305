/** The program of {@link startIssuerProcess}: prints its origin, then serves until it is killed. */
import { flushCompileCache } from "node:module";
import process from "node:process";
import { sqliteStore, type IssuerOptions } from "@breezeway/issuer";
import { serveIssuer } from "@breezeway/issuer/node";
import { postgresStore } from "@breezeway/issuer/postgres";
import { createIssuerForTesting } from "@breezeway/issuer/testing";
import { systemClock } from "@breezeway/shared";
import { ISSUER_URL, MANIFESTS, USERS } from "./issuer-fixture.ts";
import type { IssuerProcessOptions } from "./issuer-process.ts";

const [location = "", settings = "{}"] = process.argv.slice(2);
const { clockAheadMs = 0, apps } = JSON.parse(settings) as IssuerProcessOptions;
const system = systemClock();
const options: IssuerOptions = {
  issuer: ISSUER_URL,
  store: location.startsWith("postgres:")
    ? postgresStore({ connectionString: location })
    : sqliteStore({ file: location }),
  devLogin: { users: USERS },
  rateLimits: false,
  // A client whose refresh the kill cut off asks again much later.
  sessions: { graceSeconds: 300 },
  ...(apps === undefined
    ? { apps: MANIFESTS }
    : { apps, installations: { mayManage: () => true } }),
};
const issuer = createIssuerForTesting(options, {
  clock: { ...system, now: () => system.now() + clockAheadMs },
});
// A killed process would keep nothing of what it compiled for the next one.
flushCompileCache();
const server = await serveIssuer(issuer, { port: 0 });
process.stdout.write(`${server.url}\n`);
