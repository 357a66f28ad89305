/** The only file that calls openid-client. It translates the failures of the library. */
import { BridgeError } from "@breezeway/shared";
import * as oidc from "openid-client";
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

const TIMEOUT_SECONDS = 10;

export function createOidcClient(options: OidcOptions, callbackUrl: string): OidcClient {
  let discovered: Promise<oidc.Configuration> | undefined;

  // The provider may be down when the issuer starts, so discovery waits for the first sign-in. It is
  // repeated after a failure.
  const configuration = (): Promise<oidc.Configuration> => {
    discovered ??= discover(options).catch((error: unknown) => {
      discovered = undefined;
      throw unreachable(error);
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
      timeout: TIMEOUT_SECONDS,
      // The options allow plain http on loopback only.
      // oxlint-disable-next-line typescript/no-deprecated -- deprecated to stand out, not to go away
      execute: provider.protocol === "http:" ? [oidc.allowInsecureRequests] : [],
    },
  );
}

function translate(error: unknown): BridgeError {
  if (BridgeError.is(error)) return error;
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
