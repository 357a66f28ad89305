/** Issuers on real sockets, in every state in which one of their documented answers comes about. */
import { createServer, type Server } from "node:http";
import { startOidcProvider, type TestProvider } from "@breezeway/test-support/oidc-provider";
import { freePort } from "@breezeway/test-support/free-port";
import {
  createIssuer,
  sqliteStore,
  type Issuer,
  type IssuerOptions,
} from "../../issuer/src/index.ts";
import { toNodeHandler } from "../../issuer/src/node.ts";

export interface ServedIssuer extends AsyncDisposable {
  readonly issuer: Issuer;
  readonly provider: TestProvider;
}

const app = (id: string, more: object = {}) => ({
  id,
  name: id,
  version: "1.0.0",
  url: `https://${id}.example/`,
  scopes: ["orders:read"],
  ...more,
});

const APPS = [
  app("orders"),
  app("guided", { lifecycle: { setupUrl: "https://guided.example/setup" } }),
  app("leaving", { lifecycle: { disconnectUrl: "https://leaving.example/disconnect" } }),
  app("bound", { proofRequired: true }),
  app("paused"),
];

const USERS = [
  { id: "alice", name: "Alice", tenants: { acme: { scopes: [] }, globex: { scopes: [] } } },
];

export const ALICE = {
  userId: "alice",
  tenantId: "acme",
  tenants: { acme: { scopes: ["orders:read"] }, globex: { scopes: [] } },
} as const;
/** This user may not manage apps. */
export const BOB = { ...ALICE, userId: "bob" } as const;

export async function serveIssuerWith(
  options: Partial<Omit<IssuerOptions, "issuer">> = {},
  mapUser = ({ sub }: { readonly sub: string }) => ({ userId: sub, tenantId: "acme" }),
): Promise<ServedIssuer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/auth`;
  const provider = await startOidcProvider({ redirectUri: `${url}/login/callback` });
  const issuer = createIssuer({
    issuer: url,
    apps: APPS,
    store: sqliteStore({ file: ":memory:" }),
    devLogin: { users: USERS },
    oidc: { provider: provider.url, clientId: "breezeway", mapUser },
    installations: {
      mayManage: ({ session }) => session.userId === "alice",
      // This backend never answers, so an installation that waits for it keeps its state.
      fetch: () => new Promise(() => {}),
    },
    ...options,
  });
  await issuer.ready;
  // Node would answer by itself to headers as large as those that the issuer refuses.
  const server = createServer({ maxHeaderSize: 65_536 }, toNodeHandler(issuer));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    issuer,
    provider,
    [Symbol.asyncDispose]: async () => {
      await issuer.close();
      await closed(server);
      await provider.close().catch(() => undefined);
    },
  };
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
