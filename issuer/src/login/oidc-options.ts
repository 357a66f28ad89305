import { BridgeError, isLoopbackHost } from "@breezeway/shared";
import type { NewSession } from "../sessions/session-input.ts";

/** Claims of an ID token (OpenID Connect Core, section 2), and, when asked for, those of userinfo. */
export interface OidcIdentity {
  readonly sub: string;
  readonly iss: string;
  readonly [claim: string]: unknown;
}

export interface OidcOptions {
  /** The provider's issuer URL. https, or http on loopback. */
  readonly provider: string;
  readonly clientId: string;
  /** Absent for a public client. */
  readonly clientSecret?: string;
  /** Space-delimited. Default `openid profile email`. */
  readonly scope?: string;
  /** Also ask the userinfo endpoint. Default false: what is in the ID token is enough. */
  readonly userInfo?: boolean;
  /**
   * Who signed in, as a session needs it: user, tenants, scopes, claims. `undefined` refuses the
   * sign-in.
   */
  readonly mapUser: (
    identity: OidcIdentity,
  ) => NewSession | undefined | Promise<NewSession | undefined>;
  /**
   * Where a person goes when a sign-in fails, with `?reason=`. A path of the issuer's origin.
   * Default: a problem+json answer.
   */
  readonly failurePath?: string;
}

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function checkOidcOptions({ provider, clientId, failurePath }: OidcOptions): void {
  const url = URL.canParse(provider) ? new URL(provider) : undefined;
  const isSecure =
    url?.protocol === "https:" || (url?.protocol === "http:" && isLoopbackHost(url.hostname));
  if (!isSecure) throw invalid("oidc.provider: must be an https URL (http on loopback)");
  if (clientId === "") throw invalid("oidc.clientId: is required");
  if (failurePath !== undefined && !/^\/(?![/\\])/.test(failurePath)) {
    throw invalid("oidc.failurePath: must be a path");
  }
}

function invalid(message: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${message}.`);
}
