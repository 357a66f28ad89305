/** An issuer with installations for each test of a suite, and the backend of its apps. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type {
  AuditEvent,
  Installation,
  InstallationOptions,
  Issuer,
  IssuerOptions,
} from "../src/index.ts";
import {
  installableApps,
  startAppBackend,
  status,
  type AppBackend,
  type ReceivedCall,
} from "./app-backend.ts";
import type { Place } from "./stores.ts";
import { testClock, testIssuer, type TestClock } from "./test-issuer.ts";

/** Has a backend and a setup page. */
export const ORDERS = { appId: "orders", tenantId: "acme" };
/** Has neither a backend nor a setup page. */
export const PLAIN = { appId: "plain", tenantId: "acme" };
/** Has only a setup page. */
export const GUIDED = { appId: "guided", tenantId: "acme" };

export interface InstallationsStage {
  readonly backend: AppBackend;
  readonly clock: TestClock;
  readonly events: readonly AuditEvent[];
  /** The issuer that runs when a test begins, or its replacement. */
  readonly issuer: Issuer;
  /** Opens one more issuer on the same store. It closes with the test. */
  open(installations?: InstallationOptions, options?: Partial<IssuerOptions>): Issuer;
  /** Closes the issuer and opens another one in its place. */
  reopen(installations?: InstallationOptions, options?: Partial<IssuerOptions>): Promise<Issuer>;
  /** The calls that the backend received in this test. */
  calls(): readonly ReceivedCall[];
  until(state: Installation["state"], where?: Partial<typeof ORDERS>): Promise<Installation>;
}

export function setUpInstallations(place: () => Place): InstallationsStage {
  let backend: AppBackend;
  let clock: TestClock;
  let issuer: Issuer;
  let opened: Issuer[];
  let events: AuditEvent[];
  let first: number;

  beforeAll(async () => {
    backend = await startAppBackend();
  });
  afterAll(() => backend.close());
  beforeEach(async () => {
    clock = testClock();
    opened = [];
    events = [];
    first = backend.calls.length;
    backend.answer = status(204);
    issuer = open();
    await issuer.ready;
  });
  afterEach(() => Promise.all(opened.map((each) => each.close())));

  function open(
    installations: InstallationOptions = {},
    options: Partial<IssuerOptions> = {},
  ): Issuer {
    const made = testIssuer({
      apps: installableApps(backend.origin),
      store: place().store(),
      clock,
      audit: (event) => void events.push(event),
      installations: { timeoutMs: 20_000, ...installations },
      ...options,
    });
    opened.push(made);
    return made;
  }

  return {
    get backend() {
      return backend;
    },
    get clock() {
      return clock;
    },
    get events() {
      return events;
    },
    get issuer() {
      return issuer;
    },
    open,
    async reopen(...args) {
      await issuer.close();
      issuer = open(...args);
      return issuer;
    },
    calls: () => backend.calls.slice(first),
    async until(state, where) {
      const key = { ...ORDERS, ...where };
      let found: Installation | undefined;
      const read = async (): Promise<string | undefined> => {
        found = await issuer.installations.get(key);
        return found?.state;
      };
      await expect.poll(read, { interval: 5 }).toBe(state);
      if (!found) throw new Error("no installation");
      return found;
    },
  };
}

/** A gate at which a backend waits until the test opens it. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}
