/**
 * Headers in which proxies describe a client or its request: address, user, tenant, certificate, host, path.
 * Services built for such a proxy trust them, but a client can send them too. The gateway sends the caller's
 * identity in its own headers and removes these, unless a route passes one.
 *
 * The names follow few habits, so the rule is a list of patterns and not of names (docs/adr/0071, 0072). The
 * configurations of reverse proxies have the same patterns: `scripts/docs/reverse-proxies.ts` writes them.
 */

/**
 * Patterns of names in lower case, with `-` for every character that is neither a letter nor a digit. `*` at
 * the start or the end stands for any text.
 */
export const PROXY_CLAIM_FAMILIES = {
  addresses: [
    "*-ip",
    "*-ips",
    "*-ipv6",
    "*-addr",
    "*-clientip",
    "*-socketip",
    "client-ip*",
    "cf-connecting-*",
    "x-ip",
    "x-remote-*",
    "remote-*",
    "x-originating-*",
    "x-proxy*",
    "x-real-*",
  ],
  forwarding: [
    "x-forwarded",
    "x-forwarded-*",
    "*-forwarded-*",
    "forwarded-*",
    "x-envoy-*",
    "l5d-*",
  ],
  users: [
    "user",
    "userid",
    "username",
    "*-user",
    "*-userid",
    "*-username",
    "*-userinfo",
    "x-user-*",
    "*-user-id",
    "*-user-name",
    "*-user-info",
    "*-user-key",
    "x-uid",
    "*-login",
    "*-email",
    "*-principal",
    "*-principal-*",
    "*-subject",
    "*-identity",
    "x-identity-*",
    "x-account*",
    "x-admin*",
    "*-actor",
    "*impersonate*",
    "*-on-behalf-of",
    "on-behalf-of",
  ],
  rights: [
    "*-group",
    "*-groups",
    "*-role",
    "*-roles",
    "*-permissions",
    "*-scope",
    "*-scopes",
    "*-claims",
    "*-claim-*",
  ],
  tenants: [
    "tenant",
    "tenantid",
    "tenant-*",
    "x-tenant*",
    "*-tenant",
    "*-tenant-*",
    "*-tenantid",
    "x-org",
    "*-orgid",
    "*-org-id",
    "x-org-*",
    "x-organization*",
    "x-organisation*",
  ],
  tokens: [
    "auth-*",
    "x-auth",
    "x-auth-*",
    "x-authorization*",
    "x-serverless-*",
    "x-access-token",
    "*-access-token",
    "access-token",
    "x-id-token",
    "*-id-token",
    "id-token",
    "jwt",
    "x-jwt*",
    "*-jwt",
    "*-jwt-*",
    "*-assertion",
    "x-credential*",
  ],
  // oauth2-proxy, Kong, authentik, Authelia, Pomerium, Vouch, Grafana, Shibboleth, mod_auth_openidc.
  "login proxies": [
    "x-authenticated*",
    "x-authentik-*",
    "x-authelia-*",
    "authelia-*",
    "x-consumer*",
    "x-anonymous-*",
    "x-webauth-*",
    "x-pomerium-*",
    "x-vouch-*",
    "x-oauth*",
    "oauth-*",
    "x-oidc*",
    "oidc-*",
    "x-saml*",
    "x-sso*",
    "x-shib*",
    "shib-*",
    "iv-*",
    "sm-*",
  ],
  // Certificates of TLS clients (RFC 9440, mod_ssl), and whether the connection used TLS.
  certificates: [
    "*-client-cert*",
    "client-cert*",
    "*-clientcert",
    "*-dn",
    "x-client-verify",
    "ssl-*",
    "x-ssl*",
    "tls-*",
    "x-tls-*",
    "x-spiffe*",
    "front-end-https",
    "x-scheme",
    "*-url-scheme",
  ],
  clouds: [
    "cf-access-*",
    "x-amzn-mtls-*",
    "x-amzn-oidc-*",
    "x-amzn-request-context",
    "x-amzn-lambda-*",
    "x-apigateway-*",
    "x-endpoint-api-*",
    "x-appengine-*",
    "x-goog-authenticated-*",
    "x-goog-iap-*",
    "x-ms-client-*",
    "x-ms-token-*",
    "x-azure-*",
    "x-arr-*",
    "x-vercel-*",
    "x-nf-*",
  ],
  // Frameworks route by these, although the gateway authorised another host, path or method.
  routing: [
    "x-host*",
    "x-original-*",
    "x-rewrite-*",
    "*-override",
    "x-http-method*",
    "x-http-destinationurl",
    "base-url",
    "*-base-url",
    "script-name",
    "x-script-name",
    "path-info",
    "x-path-info",
    "x-backend-*",
  ],
} as const;

export const PROXY_CLAIM_PATTERNS: readonly string[] = Object.values(PROXY_CLAIM_FAMILIES).flat();

/** Headers of browsers and gRPC-Web that match a pattern and claim nothing. */
export const HARMLESS_HEADERS: readonly string[] = ["sec-fetch-user", "x-user-agent"];

/** A regular expression, without flags, that matches the same names as the patterns. */
export function patternSource(patterns: readonly string[]): string {
  return `^(?:${patterns.map((pattern) => pattern.replaceAll("*", ".*")).join("|")})$`;
}

const CLAIM = new RegExp(patternSource(PROXY_CLAIM_PATTERNS));

/** @param name - In the form of {@link PROXY_CLAIM_FAMILIES}. */
export function isProxyClaim(name: string): boolean {
  return CLAIM.test(name);
}
