/**
 * A session that a program keeps itself, without a browser: React Native, desktop, command line.
 *
 * [CS-1] The secret is in memory, in the secure store and in `X-Breezeway-Session`; in no error or event.
 * [CS-2] When the session is over, it is forgotten and every stream yields `null`.
 * [CS-3] A token is never handed out for another session or tenant than the one that `current` shows.
 * [CS-4] After `close()` no request is made and no timer is set. A request that is under way still ends.
 * [CS-5] Signing out takes effect here at once, with or without a network.
 */
import { BridgeError, systemClock, type Clock } from "@breezeway/shared";
import { createSkew, type Unsubscribe } from "@breezeway/shared/channel";
import type { SessionSummary } from "@breezeway/shared/schemas";
import { startRotationTimer } from "@breezeway/shared/session";
import { createAppTokens, type AppTokens } from "./app-tokens.ts";
import { createClientFetch } from "./client-fetch.ts";
import { parseClientOptions, type ClientSettings } from "./client-options.ts";
import type { ClientSession, ClientSessionOptions, SignInRequest } from "./client-types.ts";
import {
  createIssuerCalls,
  isSessionSecret,
  type IssuerCalls,
  type OpenedSession,
} from "./issuer-calls.ts";
import { createAccess, createSecretChanges, type Access } from "./secret-changes.ts";
import { createSessionKeeper, type SessionKeeper } from "./session-keeper.ts";
import { createSignOuts, type SignOuts } from "./sign-outs.ts";

/** What a test replaces in a session. */
export interface ClientSessionTestHooks {
  readonly clock?: Clock;
  /** Returns 0 ≤ x < 1. */
  readonly random?: () => number;
}

/**
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 *
 * @example
 * const session = createSession({ issuer: "https://shell.example/auth", storage, appId: "orders" });
 * await session.ready;
 * for await (const token of session.tokens()) console.log(token === null ? "signed out" : "token");
 */
export function createSession(options: ClientSessionOptions): ClientSession {
  return createSessionWithHooks(options, {});
}

/** {@link createSession} with the hooks that `@breezeway/client/testing` offers. */
export function createSessionWithHooks(
  options: ClientSessionOptions,
  { clock = systemClock(), random = Math.random }: ClientSessionTestHooks,
): ClientSession {
  const settings = parseClientOptions(options);
  const calls = createIssuerCalls({ ...settings, clock });
  const keeper = createSessionKeeper({ ...settings, clock });
  const signOuts = createSignOuts({ calls, keeper, clock });
  return openSession({ settings, calls, keeper, signOuts, clock, random });
}

interface SessionDeps {
  readonly settings: ClientSettings;
  readonly calls: IssuerCalls;
  readonly keeper: SessionKeeper;
  readonly signOuts: SignOuts;
  readonly clock: Clock;
  readonly random: () => number;
}

type TokenFrom = (
  appId: string | undefined,
  ask: (source: AppTokens) => Promise<string>,
) => Promise<string>;

function openSession(deps: SessionDeps): ClientSession {
  const { settings, calls, keeper, signOuts, clock } = deps;
  const life = { isClosed: false, end: [(): void => undefined] };
  const access = createAccess(keeper);
  const tokens = createTokens(deps, access);
  const changes = createSecretChanges({ access, calls, keeper, signOuts });

  const ready = keeper.loaded.then(() => {
    if (life.isClosed) return;
    signOuts.resume();
    const rotate = async (): Promise<void> => {
      if (keeper.secret !== undefined) await changes.refresh();
    };
    const ageMs = keeper.secret === undefined ? 0 : clock.now() - keeper.rotatedAtMs;
    life.end = [tokens.followSession(), startRotationTimer(rotate, clock, ageMs)];
    // The stored summary may be out of date. Without a network it is the best there is.
    if (keeper.secret !== undefined) {
      void access.use(calls.read).then(keeper.update, () => undefined);
    }
  });
  const open = async (): Promise<void> => {
    await ready;
    if (life.isClosed) throw closed();
  };
  const tokenFrom: TokenFrom = async (appId, ask) => {
    const source = tokens.of(appId);
    await open();
    try {
      return await ask(source);
    } catch (error) {
      throw life.isClosed ? closed() : error;
    }
  };
  return {
    ready,
    get current() {
      return keeper.session.current;
    },
    subscribe: (listener) => keeper.session.subscribe(listener),
    async signIn(request) {
      await open();
      return changes.inTurn(async () => {
        const before = keeper.secret;
        const opened = await signIn(calls, request, before);
        await keeper.open(opened);
        // The development login has ended the session before; a secret from elsewhere has not.
        if ("secret" in request && before !== undefined) signOuts.add(before);
        return opened.summary;
      });
    },
    tokens: (appId) => tokens.of(appId).stream(),
    getSessionToken: (appId) => tokenFrom(appId, (source) => source.get()),
    fetch: createClientFetch({
      settings,
      token: (appId) => tokenFrom(appId, (source) => source.get()),
      replace: (appId, rejected) => tokenFrom(appId, (source) => source.replace(rejected)),
    }),
    async refresh() {
      await open();
      await changes.refresh();
    },
    async switchTenant(tenantId) {
      await open();
      return (await changes.rotate((secret) => calls.switchTenant(secret, tenantId))).summary;
    },
    async signOut() {
      await open();
      const { secret } = keeper;
      if (secret === undefined) return;
      await keeper.forget({ ending: true });
      await signOuts.finish(secret);
    },
    close() {
      life.isClosed = true;
      for (const end of life.end) end();
      signOuts.close();
      tokens.close();
    },
  };
}

function closed(): BridgeError {
  return new BridgeError("CHANNEL_CLOSED", "This session was closed.");
}

interface Tokens {
  /** @throws {BridgeError} CONFIG_INVALID without an app id */
  of(appId?: string): AppTokens;
  /** Forgets all tokens whenever another session or tenant is the current one. */
  followSession(): Unsubscribe;
  close(): void;
}

function createTokens(
  { settings, calls, keeper, clock, random }: SessionDeps,
  access: Access,
): Tokens {
  const byApp = new Map<string, AppTokens>();
  const state = { isLoaded: false, isClosed: false };
  void keeper.loaded.then(() => {
    state.isLoaded = true;
  });
  const skew = createSkew(clock);
  const create = (appId: string): AppTokens =>
    createAppTokens({
      mint: () => access.use((secret) => calls.mint(secret, appId)),
      clock,
      skew,
      random,
      isVisible: () => true,
      polling: settings.polling,
      // Until the stored session was read, nobody knows; a stream then yields nothing.
      isSignedIn: () => !state.isLoaded || keeper.secret !== undefined,
    });
  return {
    of(appId = settings.appId) {
      if (appId === undefined) {
        throw new BridgeError(
          "CONFIG_INVALID",
          "createSession: appId: is required for tokens. Set it there, or name the app in the call.",
        );
      }
      const known = byApp.get(appId);
      if (known) return known;
      const source = create(appId);
      if (state.isClosed) source.close();
      byApp.set(appId, source);
      return source;
    },
    followSession() {
      let identity = identityOf(keeper.session.current);
      if (identity === undefined) for (const source of byApp.values()) source.reset(false);
      return keeper.session.subscribe((session) => {
        const next = identityOf(session);
        if (next === identity) return;
        identity = next;
        for (const source of byApp.values()) source.reset(session !== null);
      });
    },
    close() {
      state.isClosed = true;
      for (const source of byApp.values()) source.close();
    },
  };
}

/** Tokens belong to one session, user and tenant. */
function identityOf(session: SessionSummary | null): string | undefined {
  return session ? JSON.stringify([session.handle, session.userId, session.tenantId]) : undefined;
}

async function signIn(
  calls: IssuerCalls,
  request: SignInRequest,
  before: string | undefined,
): Promise<OpenedSession> {
  if (!("secret" in request)) return calls.devLogin(request, before);
  if (!isSessionSecret(request.secret)) {
    throw new BridgeError(
      "CONFIG_INVALID",
      "signIn: secret: must be the secret that issuer.sessions.create returned.",
    );
  }
  // The secret has been at another server. The first act is to replace it.
  return calls.refresh(request.secret);
}
