/** The option `oidc`: sign-in at an OpenID provider. */
import { isLoopbackHost } from "@breezeway/shared";
import { functionOption, optionObject } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { NewSession } from "../sessions/session-input.ts";

/** Claims of an ID token (OpenID Connect Core, section 2), and of userinfo when it is requested. */
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
  /** Also requests the userinfo endpoint. Default false: only the ID token is read. */
  readonly userInfo?: boolean;
  /**
   * Maps the identity to a session: user, tenants, scopes, claims. `undefined` refuses the sign-in.
   */
  readonly mapUser: (
    identity: OidcIdentity,
  ) => NewSession | undefined | Promise<NewSession | undefined>;
  /**
   * Where the browser is sent when a sign-in fails, with `?reason=`. A path of the issuer's origin.
   * Default: a problem+json answer.
   */
  readonly failurePath?: string;
}

export const oidcOptions: z.ZodMiniType<OidcOptions> = optionObject<OidcOptions>({
  provider: z
    .string()
    .check(z.refine(isSecureUrl, "must be an https URL (http is allowed on loopback)")),
  clientId: z.string().check(z.refine((id) => id !== "", "must not be empty")),
  clientSecret: z.optional(z.string()),
  scope: z.optional(z.string()),
  userInfo: z.optional(z.boolean()),
  mapUser: functionOption<OidcOptions["mapUser"]>(),
  failurePath: z.optional(
    z
      .string()
      .check(
        z.regex(/^\/(?![/\\])/, "must be a path of the issuer's origin, such as /sign-in-failed"),
      ),
  ),
});

function isSecureUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === "https:" || (url?.protocol === "http:" && isLoopbackHost(url.hostname));
}
