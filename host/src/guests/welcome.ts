/** The answer to a guest's hello: protocol, rights, state, and the first token if it is there. */
import {
  negotiateProtocol,
  PROTOCOL_RANGE,
  type Hello,
  type Theme,
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
  /** Reads the present values. */
  readonly snapshot: () => {
    readonly context: unknown;
    readonly theme: Theme;
    readonly locale: string;
    readonly gatewayUrl: string | null;
  };
}

/**
 * A guest that would wait longer gets a welcome without a session, and the session later. It does
 * not wait for a token at all.
 */
const SESSION_WAIT_MS = 3_000;

/**
 * Waits until it is known who is signed in, since a guest cannot tell "not yet known" from "nobody".
 *
 * @returns A function that composes the welcome of present values.
 * @throws {BridgeError} HANDSHAKE_PROTOCOL_MISMATCH
 */
export async function prepareWelcome(hello: Hello, deps: WelcomeDeps): Promise<() => Welcome> {
  const protocol = negotiateProtocol(PROTOCOL_RANGE, hello.protocol);
  const { app, session, tokens } = deps;
  await sessionKnown(deps);
  return () => ({
    ok: true,
    protocol,
    appId: app.id,
    capabilities: app.capabilities,
    ...deps.snapshot(),
    session: guestSession(session.current),
    token: tokens?.peek() ?? null,
  });
}

async function sessionKnown({ session, clock }: WelcomeDeps): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = clock.setTimer(late.resolve, SESSION_WAIT_MS);
  await Promise.race([session.ready, late.promise]);
  clock.clearTimer(timer);
}
