/** `node main.ts`: http://localhost:3000, with alice and her password "wonderland". */
import { createIssuer, sqliteStore } from "@breezeway/issuer";
import { readManifests } from "@breezeway/issuer/node";
import { createApp, hashPassword, type Account } from "./app.ts";

const issuer = createIssuer({
  issuer: "http://localhost:3000/auth",
  apps: readManifests(new URL("apps", import.meta.url).pathname),
  store: sqliteStore({ file: ".data/sessions.sqlite" }),
});

const salt = "not-a-secret";
const alice: Account = {
  userId: "alice",
  salt,
  passwordHash: hashPassword("wonderland", salt),
  tenants: { acme: { scopes: ["orders:read"] } },
};

const server = createApp(issuer, new Map([["alice", alice]])).listen(3000, "127.0.0.1");
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    void issuer.close();
  });
}
