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
import type { TokenSource } from "../tokens/token-source.ts";

export interface WelcomeParts {
  readonly app: RegisteredApp;
  readonly session: HostSession;
  /** `undefined`: this app gets no tokens. */
  readonly tokens: TokenSource | undefined;
  readonly clock: Clock;
  /** Read at the last moment, so that nothing that changed meanwhile is missed. */
  readonly snapshot: () => {
    readonly context: unknown;
    readonly theme: Theme;
    readonly locale: string;
    readonly gatewayUrl: string | null;
  };
}

// A guest that waits longer for its welcome is better off without a token at first.
const TOKEN_WAIT_MS = 3_000;

/** @throws {BridgeError} HANDSHAKE_PROTOCOL_MISMATCH */
export async function composeWelcome(hello: Hello, parts: WelcomeParts): Promise<Welcome> {
  const protocol = negotiateProtocol(PROTOCOL_RANGE, hello.protocol);
  const { app, session } = parts;
  const token = await firstToken(parts);
  return {
    ok: true,
    protocol,
    appId: app.id,
    capabilities: app.capabilities,
    ...parts.snapshot(),
    session: guestSession(session.current),
    token,
  };
}

/** `null` when there is none, or none in time. */
async function firstToken({ tokens, session, clock }: WelcomeParts): Promise<TokenGrant | null> {
  const late = Promise.withResolvers<null>();
  const timer = clock.setTimer(() => late.resolve(null), TOKEN_WAIT_MS);
  const minted = async (): Promise<TokenGrant | null> => {
    await session.ready;
    return tokens ? tokens.get() : null;
  };
  try {
    return await Promise.race([minted(), late.promise]);
  } catch {
    // The guest asks for itself when it needs one, and is told why there is none.
    return null;
  } finally {
    clock.clearTimer(timer);
  }
}
