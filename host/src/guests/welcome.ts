/** The answer to a guest's hello: protocol, rights, state and first token. */
import {
  negotiateProtocol,
  PROTOCOL_RANGE,
  type Hello,
  type Theme,
  type TokenGrant,
  type Welcome,
} from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { Clock } from "@breezeway/shared/channel";
import { guestSession, type HostSession } from "../session/host-session.ts";
import type { TokenSource } from "@breezeway/shared/session";

export interface WelcomeDeps {
  readonly app: RegisteredApp;
  readonly session: HostSession;
  /** `undefined` for an app that gets no tokens. */
  readonly tokens: TokenSource | undefined;
  readonly clock: Clock;
  /** Reads the present values. It is called last, so that the guest misses no change. */
  readonly snapshot: () => {
    readonly context: unknown;
    readonly theme: Theme;
    readonly locale: string;
    readonly gatewayUrl: string | null;
  };
}

/** A guest that would wait longer gets its welcome without a token, and asks for one later. */
const TOKEN_WAIT_MS = 3_000;

/** @throws {BridgeError} HANDSHAKE_PROTOCOL_MISMATCH */
export async function composeWelcome(hello: Hello, deps: WelcomeDeps): Promise<Welcome> {
  const protocol = negotiateProtocol(PROTOCOL_RANGE, hello.protocol);
  const { app, session } = deps;
  const token = await firstToken(deps);
  return {
    ok: true,
    protocol,
    appId: app.id,
    capabilities: app.capabilities,
    ...deps.snapshot(),
    session: guestSession(session.current),
    token,
  };
}

/** Resolves to `null` when no token can be had in time. */
async function firstToken({ tokens, session, clock }: WelcomeDeps): Promise<TokenGrant | null> {
  const late = Promise.withResolvers<null>();
  const timer = clock.setTimer(() => late.resolve(null), TOKEN_WAIT_MS);
  const minted = async (): Promise<TokenGrant | null> => {
    await session.ready;
    return tokens ? tokens.get() : null;
  };
  try {
    return await Promise.race([minted(), late.promise]);
  } catch {
    // The guest asks again when it needs a token, and gets the error then.
    return null;
  } finally {
    clock.clearTimer(timer);
  }
}
