/** The only file that calls openid-client. It translates the failures of the library. */
import { BridgeError, readBoundedBytes, type Clock } from "@breezeway/shared";
import * as oidc from "openid-client";
import { PROVIDER_LIMITS } from "../limits.ts";
import type { OidcIdentity, OidcOptions } from "./oidc-options.ts";

/** The values that the provider's answer must match. */
export interface LoginChecks {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export interface OidcClient {
  /** @throws {BridgeError} UPSTREAM_UNREACHABLE */
  readonly begin: () => Promise<{ readonly authorizationUrl: URL; readonly checks: LoginChecks }>;
  /** @throws {BridgeError} LOGIN_FAILED, UPSTREAM_UNREACHABLE */
  readonly finish: (currentUrl: URL, checks: LoginChecks) => Promise<OidcIdentity>;
}

export interface OidcClientDeps {
  readonly callbackUrl: string;
  readonly clock: Clock;
}

const { timeoutSeconds, maxAnswerBytes, maxSkewSeconds } = PROVIDER_LIMITS;

export function createOidcClient(
  options: OidcOptions,
  { callbackUrl, clock }: OidcClientDeps,
): OidcClient {
  let discovered: Promise<oidc.Configuration> | undefined;

  // The provider may be down when the issuer starts, so discovery waits for the first sign-in. It is
  // repeated after a failure.
  const configuration = (): Promise<oidc.Configuration> => {
    discovered ??= discover(options).catch((error: unknown) => {
      discovered = undefined;
      throw translate(error);
    });
    return discovered;
  };

  return {
    begin: async () => {
      const checks: LoginChecks = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        codeVerifier: oidc.randomPKCECodeVerifier(),
      };
      const authorizationUrl = oidc.buildAuthorizationUrl(await configuration(), {
        redirect_uri: callbackUrl,
        response_type: "code",
        scope: options.scope ?? "openid profile email",
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(checks.codeVerifier),
        code_challenge_method: "S256",
      });
      return { authorizationUrl, checks };
    },
    finish: async (currentUrl, checks) => {
      const config = await configuration();
      try {
        const tokens = await oidc.authorizationCodeGrant(config, currentUrl, {
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          pkceCodeVerifier: checks.codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) throw new BridgeError("LOGIN_FAILED", "The OpenID provider sent no ID token.");
        assertIssued(claims.iat, clock);
        if (!options.userInfo) return claims;
        const userInfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
        return { ...userInfo, ...claims };
      } catch (error) {
        throw translate(error);
      }
    },
  };
}

function discover(options: OidcOptions): Promise<oidc.Configuration> {
  const provider = new URL(options.provider);
  const { clientSecret } = options;
  return oidc.discovery(
    provider,
    options.clientId,
    undefined,
    clientSecret === undefined ? oidc.None() : oidc.ClientSecretPost(clientSecret),
    {
      timeout: timeoutSeconds,
      [oidc.customFetch]: boundedFetch,
      // The options allow plain http on loopback only.
      // oxlint-disable-next-line typescript/no-deprecated -- deprecated to stand out, not to go away
      execute: provider.protocol === "http:" ? [oidc.allowInsecureRequests] : [],
    },
  );
}

/** The library reads whole answers, so this `fetch` bounds them first. Its signal ends slow ones. */
async function boundedFetch(url: string, init: oidc.CustomFetchOptions): Promise<Response> {
  const response = await fetch(url, init as RequestInit);
  const body = await readBoundedBytes(response, maxAnswerBytes);
  if (body === undefined) {
    throw new BridgeError(
      "LOGIN_FAILED",
      `The OpenID provider sent more than ${maxAnswerBytes} bytes.`,
    );
  }
  // A status such as 204 forbids even an empty body.
  const { status, headers } = response;
  return new Response(body.byteLength === 0 ? null : body, { status, headers });
}

/**
 * The library checks `exp` and `nbf` only. A token from the future shows that one of the clocks is wrong,
 * or that the provider signed it in advance.
 *
 * @throws {BridgeError} LOGIN_FAILED
 */
function assertIssued(iatSeconds: number, clock: Clock): void {
  if (iatSeconds <= clock.now() / 1_000 + maxSkewSeconds) return;
  throw new BridgeError(
    "LOGIN_FAILED",
    "The ID token has an iat in the future. Compare the clocks of issuer and provider.",
  );
}

function translate(error: unknown): BridgeError {
  if (BridgeError.is(error)) return error;
  if (error instanceof Error && BridgeError.is(error.cause)) return error.cause;
  // The provider refused, or the library's checks rejected what the provider or browser sent.
  const isRefusal =
    error instanceof oidc.ClientError ||
    error instanceof oidc.AuthorizationResponseError ||
    error instanceof oidc.ResponseBodyError ||
    error instanceof oidc.WWWAuthenticateChallengeError;
  const isNetwork =
    error instanceof Error && (error.name === "TimeoutError" || error.message === "fetch failed");
  if (isNetwork || !isRefusal) return unreachable(error);
  return new BridgeError(
    "LOGIN_FAILED",
    "The OpenID provider refused the sign-in, or its answer was not valid.",
    { cause: error },
  );
}

function unreachable(cause: unknown): BridgeError {
  return new BridgeError(
    "UPSTREAM_UNREACHABLE",
    "The OpenID provider cannot be reached. Retry later.",
    {
      cause,
    },
  );
}
