/**
 * Headers in which proxies describe a client: its address, its user, its certificate. Services built for
 * such a proxy trust them, but a client can send them too. The gateway sends the caller's identity in its
 * own headers and removes these, unless a route passes one.
 *
 * `test-support/reverse-proxy-attacks.ts` lists the headers that the shipped configurations of reverse proxies
 * remove. A test compares that list with this one.
 */

/** In lower case, with `-` for every character that is neither a letter nor a digit. */
export const PROXY_CLAIM_NAMES: ReadonlySet<string> = new Set([
  // Client addresses.
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-originating-ip",
  "true-client-ip",
  "fastly-client-ip",
  "client-ip",
  "proxy-client-ip",
  "wl-proxy-client-ip",
  "x-azure-clientip",
  "x-azure-socketip",
  // Users.
  "x-user",
  "x-user-id",
  "x-userid",
  "x-user-name",
  "x-username",
  "x-user-email",
  "x-user-groups",
  "x-user-roles",
  "x-userinfo",
  "x-email",
  "x-groups",
  "x-roles",
  "x-apigateway-api-userinfo",
  "x-endpoint-api-userinfo",
  "iv-user",
  "iv-groups",
  "iv-creds",
  "sm-user",
  // Certificates of TLS clients (RFC 9440), and whether the connection used TLS.
  "client-cert",
  "client-cert-chain",
  "x-arr-clientcert",
  "x-client-dn",
  "x-client-s-dn",
  "x-client-verify",
  "front-end-https",
]);

export const PROXY_CLAIM_PREFIXES = [
  "x-forwarded-",
  // oauth2-proxy, Kong, authentik, Grafana, Kubernetes, Authelia, Pomerium, Vouch.
  "x-auth-request-",
  "x-authenticated-",
  "x-consumer-",
  "x-credential-",
  "x-authentik-",
  "x-webauth-",
  "x-remote-",
  "remote-",
  "x-pomerium-",
  "x-vouch-",
  // mod_auth_openidc, Shibboleth, mod_ssl.
  "oidc-",
  "shib-",
  "ssl-",
  "x-ssl-",
  "x-client-cert",
  "x-tls-client-",
  // Cloud load balancers, and sidecars that act on these headers.
  "cf-access-",
  "cf-connecting-",
  "x-amzn-mtls-",
  "x-amzn-oidc-",
  "x-goog-authenticated-",
  "x-goog-iap-",
  "x-ms-client-principal",
  "x-ms-token-",
  "x-envoy-",
] as const;

/** @param name - In the form of {@link PROXY_CLAIM_NAMES}. */
export function isProxyClaim(name: string): boolean {
  return (
    PROXY_CLAIM_NAMES.has(name) || PROXY_CLAIM_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}
