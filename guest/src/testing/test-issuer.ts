/**
 * Session and tokens of the test host. Its tokens decode like real ones and are signed by nobody; its
 * gateway knows them by heart.
 */
import { BridgeError, type ErrorCode, type GuestSession, type TokenGrant } from "@breezeway/shared";
import { createStore, type Clock, type Readable } from "@breezeway/shared/channel";
import { fakeToken } from "@breezeway/shared/testing";

export interface TestIssuer {
  readonly session: Readable<GuestSession | null>;
  /** Every token that was ever issued, oldest first. */
  readonly tokens: readonly string[];
  /** `undefined`: tokens are issued. */
  failure: TokenFailure | undefined;
  signIn(session?: Partial<GuestSession>): GuestSession;
  /** Its tokens are refused from now on. */
  readonly signOut: () => void;
  /** @throws {BridgeError} SIGNED_OUT, or what `failure` says */
  mint(proofKeyThumbprint?: string): TokenGrant;
  /**
   * The session of a token, as a gateway finds it.
   *
   * @param isProven - The request has a proof of possession, whatever it says: none is verified here.
   * @throws {BridgeError} TOKEN_SIGNATURE, TOKEN_EXPIRED, SESSION_REVOKED, PROOF_INVALID
   */
  readonly check: (token: string, isProven: boolean) => GuestSession;
  /** Milliseconds until the last token expires; negative afterwards, 0 without one. */
  readonly msLeft: number;
}

export type TokenFailure = Extract<ErrorCode, "OFFLINE" | "DENIED">;

export interface TestIssuerOptions {
  readonly clock: Clock;
  readonly appId: string;
  readonly ttlSeconds: number;
  readonly scopes: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
}

interface Issued {
  readonly session: GuestSession;
  readonly expiresAtSeconds: number;
  readonly isBound: boolean;
}

const SOMEBODY: Omit<GuestSession, "handle"> = { userId: "alice", tenantId: "acme" };

export function createTestIssuer(options: TestIssuerOptions): TestIssuer {
  const { clock, appId } = options;
  const session = createStore<GuestSession | null>(null);
  const issued = new Map<string, Issued>();
  const ended = new Set<string>();
  let failure: TokenFailure | undefined;
  let sessions = 0;
  let last: Issued | undefined;

  const signOut = (): void => {
    if (session.current) ended.add(session.current.handle);
    session.set(null);
  };

  const claimsOf = ({ userId, tenantId, handle }: GuestSession, iat: number) => ({
    ...options.claims,
    iss: "https://issuer.test",
    aud: appId,
    azp: "https://guest.test",
    sub: userId,
    userId,
    tenantId,
    sid: handle,
    jti: `jti_${issued.size + 1}`,
    iat,
    nbf: iat,
    exp: iat + options.ttlSeconds,
    scope: options.scopes.join(" "),
  });

  return {
    session,
    get tokens() {
      return [...issued.keys()];
    },
    get failure() {
      return failure;
    },
    set failure(value) {
      failure = value;
    },
    get msLeft() {
      return last ? last.expiresAtSeconds * 1000 - clock.now() : 0;
    },
    signIn(given = {}) {
      sessions += 1;
      const next = { ...SOMEBODY, handle: `s_${sessions}`, ...given };
      session.set(next);
      return next;
    },
    signOut,
    mint(jkt) {
      if (failure) throw new BridgeError(failure, "The test host was told to fail here.");
      if (!session.current) throw new BridgeError("SIGNED_OUT", "Nobody is signed in.");
      const nowMs = clock.now();
      const issuedAtSeconds = Math.floor(nowMs / 1000);
      const expiresAtSeconds = issuedAtSeconds + options.ttlSeconds;
      const token = fakeToken({
        ...claimsOf(session.current, issuedAtSeconds),
        ...(jkt === undefined ? {} : { cnf: { jkt } }),
      });
      last = { session: session.current, expiresAtSeconds, isBound: jkt !== undefined };
      issued.set(token, last);
      return { token, issuedAtSeconds, expiresAtSeconds, nowMs };
    },
    check(token, isProven) {
      const known = issued.get(token);
      if (!known) {
        throw new BridgeError("TOKEN_SIGNATURE", "The test host has not issued this token.");
      }
      if (known.expiresAtSeconds * 1000 <= clock.now()) {
        throw new BridgeError("TOKEN_EXPIRED", "The token has expired.");
      }
      if (ended.has(known.session.handle)) {
        throw new BridgeError("SESSION_REVOKED", "The session has ended.");
      }
      if (known.isBound !== isProven) {
        throw new BridgeError(
          "PROOF_INVALID",
          "Tokens that are bound to a key need a proof of it.",
        );
      }
      return known.session;
    },
  };
}
