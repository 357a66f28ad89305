/**
 * An issuer in memory: who is signed in, and which tokens were minted. The test kits of guest and
 * host wrap it in the way in which each of them reaches an issuer. Its tokens decode like real ones
 * and carry no valid signature.
 */
import { createStore, type Readable } from "../channel/store.ts";
import type { Clock } from "../clock.ts";
import { BridgeError } from "../errors/bridge-error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import type { SessionSummary } from "../schemas/auth-api.ts";
import { fakeToken } from "./fake-token.ts";

const DAY_SECONDS = 86_400;

export interface IssuerCoreOptions {
  readonly clock: Clock;
  /** `iss` of the tokens. */
  readonly issuerUrl: string;
  /** Life of a token in seconds. */
  readonly ttlSeconds: number;
  /** `azp` of the tokens. Default: the claim is left out. */
  readonly guestOrigin?: string;
  /** What a session has that `signIn` does not name. */
  readonly defaults?: Partial<SessionSummary>;
}

export interface MintedToken {
  readonly token: string;
  readonly appId: string;
  readonly session: SessionSummary;
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** Whether the token is bound to a key. */
  readonly isBound: boolean;
}

export interface IssuerCore {
  readonly session: Readable<SessionSummary | null>;
  /** Every token, oldest first. */
  readonly minted: readonly MintedToken[];
  /** Code with which minting is refused; `undefined`: it is not. */
  refusal: ErrorCode | undefined;
  /** Starts a session, by default of `alice`, who belongs to `acme` and `globex`. */
  signIn(session?: Partial<SessionSummary>): void;
  /** Changes the session, and keeps its handle. @throws {BridgeError} SESSION_MISSING */
  update(change: Partial<SessionSummary>): void;
  /** Ends the session. Its tokens are refused from now on. */
  signOut(): void;
  /** @throws {BridgeError} SESSION_MISSING */
  signedIn(): SessionSummary;
  /**
   * @param jkt Thumbprint of the key that the token is bound to.
   * @throws {BridgeError} SESSION_MISSING, or the code of `refusal`
   */
  mint(appId: string, jkt?: string): MintedToken;
  /**
   * The session of a token, as a gateway finds it.
   *
   * @param isProven Whether the request has a proof of possession. The proof itself is not verified.
   * @throws {BridgeError} TOKEN_SIGNATURE, TOKEN_EXPIRED, SESSION_REVOKED, PROOF_INVALID
   */
  check(token: string, isProven: boolean): SessionSummary;
}

export function createIssuerCore(options: IssuerCoreOptions): IssuerCore {
  const { clock } = options;
  const session = createStore<SessionSummary | null>(null);
  const minted: MintedToken[] = [];
  const endedHandles = new Set<string>();
  let sessionCount = 0;
  let refusal: ErrorCode | undefined;

  const signedIn = (): SessionSummary => {
    if (session.current) return session.current;
    throw new BridgeError("SESSION_MISSING", "Nobody is signed in.");
  };

  return {
    session,
    minted,
    get refusal() {
      return refusal;
    },
    set refusal(code) {
      refusal = code;
    },
    signIn(given = {}) {
      sessionCount += 1;
      const nowSeconds = Math.floor(clock.now() / 1000);
      session.set({
        handle: `s_${sessionCount}`,
        userId: "alice",
        tenantId: "acme",
        tenants: ["acme", "globex"],
        scopes: [],
        claims: {},
        createdAtSeconds: nowSeconds,
        expiresAtSeconds: nowSeconds + 30 * DAY_SECONDS,
        ...options.defaults,
        ...given,
      });
    },
    update: (change) => session.set({ ...signedIn(), ...change }),
    signOut() {
      if (session.current) endedHandles.add(session.current.handle);
      session.set(null);
    },
    signedIn,
    mint(appId, jkt) {
      if (refusal) throw new BridgeError(refusal, "The test made the issuer refuse this.");
      const current = signedIn();
      const entry = tokenFor(current, { ...options, appId, jkt, count: minted.length + 1 });
      minted.push(entry);
      return entry;
    },
    check(token, isProven) {
      const known = minted.find((entry) => entry.token === token);
      if (!known)
        throw new BridgeError("TOKEN_SIGNATURE", "The test issuer did not mint this token.");
      if (known.expiresAtSeconds * 1000 <= clock.now()) {
        throw new BridgeError("TOKEN_EXPIRED", "The session token has expired.");
      }
      if (endedHandles.has(known.session.handle)) {
        throw new BridgeError("SESSION_REVOKED", "The session has ended.");
      }
      if (known.isBound !== isProven) {
        throw new BridgeError(
          "PROOF_INVALID",
          "A token that is bound to a key needs a proof, and no other token may have one.",
        );
      }
      return known.session;
    },
  };
}

interface TokenRecipe extends IssuerCoreOptions {
  readonly appId: string;
  readonly jkt: string | undefined;
  readonly count: number;
}

function tokenFor(session: SessionSummary, recipe: TokenRecipe): MintedToken {
  const { appId, jkt, guestOrigin } = recipe;
  const { userId, tenantId, handle, scopes } = session;
  const issuedAtSeconds = Math.floor(recipe.clock.now() / 1000);
  const expiresAtSeconds = issuedAtSeconds + recipe.ttlSeconds;
  const token = fakeToken({
    ...session.claims,
    iss: recipe.issuerUrl,
    aud: appId,
    ...(guestOrigin === undefined ? {} : { azp: guestOrigin }),
    sub: userId,
    userId,
    tenantId,
    sid: handle,
    jti: `jti_${recipe.count}`,
    iat: issuedAtSeconds,
    nbf: issuedAtSeconds,
    exp: expiresAtSeconds,
    scope: scopes.join(" "),
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
  });
  return { token, appId, session, issuedAtSeconds, expiresAtSeconds, isBound: jkt !== undefined };
}
