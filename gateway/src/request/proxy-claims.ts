/**
 * Headers by which proxies say who or where a client is. Services that were built behind such a proxy
 * believe them, and a client can write them as well. The gateway says who is calling by headers of its
 * own, so these go no further, unless a route lets one pass.
 *
 * The shipped configurations of other engines remove what `test-support/engine-attacks.ts` lists, and a
 * test compares that with what stands here.
 */

/** In lower case, with `-` for everything that is neither a letter nor a digit. */
export const PROXY_CLAIM_NAMES: ReadonlySet<string> = new Set([
  // Addresses.
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
  // People.
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
  // Certificates of TLS clients (RFC 9440), and whether there was TLS.
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
  // Balancers of clouds, and sidecars, which act on what they are told.
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

/** @param name - As CGI would read it: lower case, `-` for what is neither letter nor digit. */
export function isProxyClaim(name: string): boolean {
  return (
    PROXY_CLAIM_NAMES.has(name) || PROXY_CLAIM_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}
