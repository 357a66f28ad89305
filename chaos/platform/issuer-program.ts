/** An issuer of the platform, until it is killed. */
import { flushCompileCache } from "node:module";
import process from "node:process";
import { createIssuer, sqliteStore } from "@breezeway/issuer";
import { serveIssuer } from "@breezeway/issuer/node";
import { postgresStore } from "@breezeway/issuer/postgres";
import { APPS, ISSUER_URL, USERS, type IssuerSettings } from "./fixture.ts";
import { serveCommands } from "./serve-commands.ts";

/** A half-open connection counts as dead after the limit and a second, and 10 s must be enough for all. */
const STORE_TIMES = { statementTimeoutMs: 4_000, connectTimeoutMs: 3_000 };

const { port, store } = JSON.parse(process.argv[2] ?? "") as IssuerSettings;
const issuer = createIssuer({
  issuer: ISSUER_URL,
  apps: APPS,
  store: store.startsWith("postgres:")
    ? postgresStore({ connectionString: store, maxConnections: 5, ...STORE_TIMES })
    : sqliteStore({ file: store }),
  devLogin: { users: USERS },
  rateLimits: false,
  // A client whose refresh was not answered asks again when the fault is over.
  sessions: { graceSeconds: 300 },
  installations: { mayManage: () => true },
  onError: (error, requestId) => process.stderr.write(`${requestId} ${String(error)}\n`),
});

serveCommands({
  revoke: async (handle) => {
    await issuer.sessions.revoke(handle);
    return "";
  },
  revokeAllForUser: async (userId) => {
    await issuer.sessions.revokeAllForUser(userId);
    return "";
  },
  rotateKey: async () => (await issuer.keys.rotate()).kid,
  removeKey: async (kid) => (await issuer.keys.remove(kid)).kid,
});
await serveIssuer(issuer, { port });
// A killed process would keep nothing of what it compiled for the next one.
flushCompileCache();
process.send?.("listening");
