/** An issuer with installations and a user who has left traces in every table, for each test of a suite. */
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type {
  AuditEvent,
  Issuer,
  IssuerOptions,
  OpenStore,
  SessionWithCookie,
} from "../src/index.ts";
import type { ErasureCallRow } from "../src/store/schema.ts";
import { startAppBackend, status, type AppBackend, type ReceivedCall } from "./app-backend.ts";
import type { Place } from "./stores.ts";
import { testIssuer } from "./test-issuer.ts";

export interface UsersStage {
  readonly issuer: Issuer;
  readonly store: OpenStore;
  readonly backend: AppBackend;
  readonly events: readonly AuditEvent[];
  /** Opens one more issuer. Its apps are `tells`, which wants to know of erased users, and `silent`. */
  open(options?: Partial<IssuerOptions>): Issuer;
  /** Closes the issuer and opens another one in its place. */
  reopen(options: Partial<IssuerOptions>): Promise<void>;
  /** The calls that the backend received in this test. */
  calls(): readonly ReceivedCall[];
  waitingCalls(): Promise<ErasureCallRow[]>;
  install(appId: string, tenantId: string): Promise<unknown>;
  signInAlice(tenantId?: string): Promise<SessionWithCookie>;
  /** Leaves her id as an actor in every table that has one, as an administrator does. */
  actAsAlice(): Promise<void>;
  /** All rows of all tables, as text. */
  everything(): Promise<string>;
}

const app = (id: string, lifecycle = {}) => ({
  id,
  name: id,
  version: "1.0.0",
  url: `https://${id}.example/`,
  scopes: ["orders:read"],
  lifecycle,
});

export function setUpUsers(place: () => Place): UsersStage {
  let backend: AppBackend;
  let issuer: Issuer;
  let store: OpenStore;
  let events: AuditEvent[];
  let first: number;

  const open = (options: Partial<IssuerOptions> = {}): Issuer =>
    testIssuer({
      store: place().store(),
      apps: [app("tells", { userErasedUrl: `${backend.origin}/erased` }), app("silent")],
      installations: {},
      audit: (event) => void events.push(event),
      ...options,
    });

  beforeAll(async () => {
    backend = await startAppBackend();
  });
  afterAll(() => backend.close());
  beforeEach(async () => {
    events = [];
    first = backend.calls.length;
    backend.answer = status(204);
    issuer = open();
    await issuer.ready;
    store = await place().store().open();
  });
  afterEach(async () => {
    await issuer.close();
    await store.close();
  });

  return {
    get issuer() {
      return issuer;
    },
    get store() {
      return store;
    },
    get backend() {
      return backend;
    },
    get events() {
      return events;
    },
    open,
    async reopen(options) {
      await issuer.close();
      issuer = open(options);
    },
    calls: () => backend.calls.slice(first),
    waitingCalls: () => store.db.selectFrom("breezeway_erasure_call").selectAll().execute(),
    install: (appId, tenantId) => issuer.installations.install({ appId, tenantId }),
    signInAlice: (tenantId = "acme") =>
      issuer.sessions.create({
        userId: "alice",
        tenantId,
        scopes: ["orders:read"],
        data: { name: "Alice" },
        client: { userAgent: "curl/8", address: "203.0.113.77" },
      }),
    async actAsAlice() {
      const actor = "alice";
      await issuer.apps.put(app("bills"), { actor });
      await issuer.apps.suspend("bills", { reason: "Under review", actor });
      const scopes = ["orders:read"];
      await issuer.installations.grants.set({ appId: "tells", tenantId: "acme", scopes, actor });
      const wish = { appId: "tells", tenantId: "globex", userId: "alice", scopes: ["orders:read"] };
      await issuer.installations.grants.wish(wish);
      await issuer.installations.grants.wish({ ...wish, userId: "bob" });
    },
    everything: () => readEverything(store),
  };
}

async function readEverything({ db }: OpenStore): Promise<string> {
  const all: unknown[] = [];
  for (const { name } of await db.introspection.getTables()) {
    if (!name.startsWith("breezeway_")) continue;
    const table = name as "breezeway_session";
    all.push(name, await db.selectFrom(table).selectAll().execute());
  }
  return JSON.stringify(all);
}
