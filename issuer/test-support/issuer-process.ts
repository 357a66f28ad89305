/** An issuer in a process of its own, for tests that kill it. Prints its URL, then serves. */
import process from "node:process";
import { postgresStore } from "../src/postgres.ts";
import { sqliteStore } from "../src/index.ts";
import { serveIssuer } from "../src/node.ts";
import { installableApps } from "./app-backend.ts";
import { shiftedClock, testIssuer } from "./test-issuer.ts";

const [location = "", clockAheadMs = "0", backend] = process.argv.slice(2);
const issuer = testIssuer({
  store: location.startsWith("postgres:")
    ? postgresStore({ connectionString: location })
    : sqliteStore({ file: location }),
  rateLimits: false,
  // A client whose refresh the kill cut off asks again much later.
  sessions: { graceSeconds: 300 },
  clock: shiftedClock(Number(clockAheadMs)),
  ...(backend === undefined
    ? {}
    : { apps: installableApps(backend), installations: { mayManage: () => true } }),
});
const server = await serveIssuer(issuer, { port: 0 });
process.stdout.write(`${server.url}\n`);
