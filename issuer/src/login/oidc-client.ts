/** The one place that talks to openid-client, and turns its failures into ours. */
import { BridgeError } from "@breezeway/shared";
import * as oidc from "openid-client";
import type { OidcIdentity, OidcOptions } from "./oidc-options.ts";

/** What an answer of the provider is checked against. */
export interface LoginChecks {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export interface OidcClient {
  /** @throws {BridgeError} UPSTREAM_UNREACHABLE */
  begin(): Promise<{ readonly authorizationUrl: URL; readonly checks: LoginChecks }>;
  /** @throws {BridgeError} LOGIN_FAILED, UPSTREAM_UNREACHABLE */
  finish(currentUrl: URL, checks: LoginChecks): Promise<OidcIdentity>;
}

const TIMEOUT_SECONDS = 10;

export function createOidcClient(options: OidcOptions, callbackUrl: string): OidcClient {
  let discovered: Promise<oidc.Configuration> | undefined;

  // The provider may be down when the issuer starts: it is asked at the first sign-in, and again
  // after a failure.
  function configuration(): Promise<oidc.Configuration> {
    discovered ??= discover(options).catch((error: unknown) => {
      discovered = undefined;
      throw unreachable(error);
    });
    return discovered;
  }

  return {
    async begin() {
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
    async finish(currentUrl, checks) {
      const config = await configuration();
      try {
        const tokens = await oidc.authorizationCodeGrant(config, currentUrl, {
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          pkceCodeVerifier: checks.codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) throw new BridgeError("LOGIN_FAILED", "The provider gave no ID token.");
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
      // The options let plain http through for a provider on this machine only.
      // oxlint-disable-next-line typescript/no-deprecated -- deprecated to stand out, not to go away
      execute: provider.protocol === "http:" ? [oidc.allowInsecureRequests] : [],
    },
  );
}

function translate(error: unknown): BridgeError {
  if (BridgeError.is(error)) return error;
  // What the provider or the browser sent was refused, by it or by the library's checks.
  const isRefusal =
    error instanceof oidc.ClientError ||
    error instanceof oidc.AuthorizationResponseError ||
    error instanceof oidc.ResponseBodyError ||
    error instanceof oidc.WWWAuthenticateChallengeError;
  const isNetwork =
    error instanceof Error && (error.name === "TimeoutError" || error.message === "fetch failed");
  if (isNetwork || !isRefusal) return unreachable(error);
  return new BridgeError("LOGIN_FAILED", "The provider's answer was refused.", { cause: error });
}

function unreachable(cause: unknown): BridgeError {
  return new BridgeError("UPSTREAM_UNREACHABLE", "The OpenID provider cannot be reached.", {
    cause,
  });
}
