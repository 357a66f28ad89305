/** Requests that no reverse proxy may forward, as bytes on the wire. */
import { createProver } from "@breezeway/test-support/prover";
import { PROXY_CLAIM_PATTERNS } from "../src/request/proxy-claims.ts";
import type { Scene } from "./reverse-proxies.ts";
import { PANE_ORIGIN } from "./apps.ts";

/** Name, request, the statuses of a refusal, and the reason when all reverse proxies give it. */
export type Attack = [string, (scene: Scene) => readonly string[], readonly number[], string?];

export const get = (path: string, ...headers: string[]): string[] => [
  `GET ${path} HTTP/1.1`,
  "Host: api.example",
  ...headers,
];
export const auth = ({ gateway }: Scene, claims?: object, header?: object): string =>
  `Authorization: Bearer ${gateway.tokens.token(claims, header)}`;

export const attacks: readonly Attack[] = [
  ["no token", () => get("/orders"), [401], "token-missing"],
  ["another scheme", () => get("/orders", "Authorization: Basic YTpi"), [401], "token-missing"],
  ["garbage", () => get("/orders", "Authorization: Bearer a.b.c"), [401]],
  [
    "a token without a signature",
    (scene) => get("/orders", auth(scene).replace(/\.[^.]+$/, ".")),
    [401],
  ],
  ["a changed signature", (scene) => get("/orders", changeSignature(auth(scene))), [401]],
  ["changed claims", (scene) => get("/orders", tamper(auth(scene))), [401], "token-signature"],
  [
    "alg none",
    (scene) => get("/orders", auth(scene, {}, { alg: "none", typ: "JWT", kid: "key-1" })),
    [401],
    "token-alg",
  ],
  [
    "alg HS256",
    (scene) => get("/orders", auth(scene, {}, { alg: "HS256", typ: "JWT", kid: "key-1" })),
    [401],
    "token-alg",
  ],
  [
    "an expired token",
    (scene) => get("/orders", auth(scene, { iat: 1000, nbf: 1000, exp: 1060 })),
    [401],
    "token-expired",
  ],
  ["a token of the future", (scene) => get("/orders", auth(scene, future())), [401]],
  [
    "a token that lives too long",
    (scene) => get("/orders", auth(scene, { exp: Date.now() })),
    [401],
  ],
  [
    "a token that is bound to a key, as a plain one",
    (scene) => get("/orders", auth(scene, createProver().bound)),
    [401],
    "proof-invalid",
  ],
  [
    "another issuer",
    (scene) => get("/orders", auth(scene, { iss: "https://evil.example" })),
    [401],
    "issuer-mismatch",
  ],
  [
    "an unknown app",
    (scene) => get("/orders", auth(scene, { aud: "ghost" })),
    [401],
    "audience-mismatch",
  ],
  [
    "another app's token",
    (scene) => get("/orders", auth(scene, { aud: "customer-pane", azp: PANE_ORIGIN })),
    [401, 403],
  ],
  [
    "a missing scope",
    (scene) => get("/orders", auth(scene, { scope: "orders:write" })),
    [403],
    "scope-missing",
  ],
  [
    "a scope that contains the right one",
    (scene) => get("/orders", auth(scene, { scope: "xorders:read orders:reads" })),
    [403],
    "scope-missing",
  ],
  [
    "a write with the right to read",
    (scene) => [
      "POST /orders HTTP/1.1",
      "Host: a",
      "Content-Length: 0",
      auth(scene, { scope: "orders:read" }),
    ],
    [403],
    "scope-missing",
  ],
  [
    "another tenant",
    (scene) => get("/orders", auth(scene), "X-Tenant-ID: globex"),
    [403],
    "tenant-mismatch",
  ],
  [
    "two tenants",
    (scene) => get("/orders", auth(scene), "X-Tenant-ID: acme", "X-Tenant-ID: globex"),
    [403],
  ],
  [
    "another app's origin",
    (scene) => get("/orders", auth(scene), `Origin: ${PANE_ORIGIN}`),
    [401],
    "azp-mismatch",
  ],
  [
    "an origin of nobody",
    (scene) => get("/orders", auth(scene), "Origin: https://evil.example"),
    [401, 403],
  ],
  ["two tokens", (scene) => get("/orders", auth(scene), auth(scene)), [400]],
  ["two tokens in one header", (scene) => get("/orders", `${auth(scene)}, Bearer x`), [400]],
  [
    "a token in the query",
    (scene) => get("/orders?access_token=x", auth(scene)),
    [400],
    "duplicate-credentials",
  ],
  ["a path out of the route", (scene) => get("/orders/../admin", auth(scene)), [400, 404]],
  [
    "an encoded path out of the route",
    (scene) => get("/orders/%2e%2e/admin", auth(scene)),
    [400, 404],
  ],
  ["a path with an encoded slash", (scene) => get("/orders%2f..%2fadmin", auth(scene)), [400, 404]],
  ["a path parameter", (scene) => get("/orders/..;/admin", auth(scene)), [400]],
  ["another path", (scene) => get("/admin", auth(scene)), [404]],
  ["another letter case", (scene) => get("/ORDERS", auth(scene)), [404]],
  [
    "told to the gateway in another way",
    (scene) =>
      get(
        "/orders",
        auth(scene, { scope: "" }),
        "X-Original-URI: /",
        "X-Forwarded-Uri: /",
        "X-Original-Method: GET",
        "X-Forwarded-Method: GET",
      ),
    [400, 403],
  ],
  [
    "a length and an encoding",
    (scene) => [
      "POST /orders HTTP/1.1",
      "Host: a",
      auth(scene),
      "Content-Length: 3",
      "Transfer-Encoding: chunked",
      "",
      "0",
      "",
      "GET /orders/smuggled HTTP/1.1",
      "Host: a",
    ],
    [200, 400],
  ],
];

/** Changes the first letter of the signature, of which all bits count. */
function changeSignature(authorization: string): string {
  const start = authorization.lastIndexOf(".") + 1;
  const other = authorization[start] === "A" ? "B" : "A";
  return authorization.slice(0, start) + other + authorization.slice(start + 1);
}

function tamper(authorization: string): string {
  const [head = "", payload = "", signature = ""] = authorization.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  const changed = JSON.stringify({ ...claims, sub: "mallory", userId: "mallory" });
  return [head, Buffer.from(changed).toString("base64url"), signature].join(".");
}

function future(): object {
  const iat = Math.floor(Date.now() / 1_000) + 60;
  return { iat, nbf: iat, exp: iat + 60 };
}

/** A name that only this pattern's stars distinguish from the pattern. */
const exampleOf = (pattern: string): string =>
  pattern.replace(/^\*/, pattern.startsWith("*-") ? "x-acme" : "x-").replace(/\*$/, "acme");

/** Headers in which well-known proxies describe a client, and one for each pattern of the gateway. */
export const PROXY_CLAIMS: readonly string[] = [
  ...PROXY_CLAIM_PATTERNS.map(exampleOf),
  ...["X-Auth-User", "X-Auth-Token", "X-JWT-Assertion", "X-Principal", "X-Id-Token"],
  ...["X-Access-Token", "X-Tenant", "Tenant-ID", "X-Host", "X-Original-Host"],
  ...["X-Original-Forwarded-For", "X-ProxyUser-Ip", "X-Http-Path-Override", "Base-Url"],
  ...["X-Scope-OrgID", "Impersonate-User", "X-Authorization", "X-MS-Tenant-ID"],
  "X-Real-IP",
  "X-Client-IP",
  "X-Cluster-Client-IP",
  "X-Originating-IP",
  "True-Client-IP",
  "CF-Connecting-IP",
  "CF-Connecting-IPv6",
  "Fastly-Client-IP",
  "Client-IP",
  "Proxy-Client-IP",
  "WL-Proxy-Client-IP",
  "X-Azure-ClientIP",
  "X-Azure-SocketIP",
  "X-Remote-Addr",
  "X-Remote-IP",
  "X-Forwarded-User",
  "X-Forwarded-Email",
  "X-Forwarded-Groups",
  "X-Forwarded-Preferred-Username",
  "X-Forwarded-Access-Token",
  "X-Forwarded-Client-Cert",
  "X-Forwarded-Prefix",
  "X-Forwarded-Scheme",
  "X-Forwarded-Ssl",
  "X-Forwarded-Port",
  "X-Forwarded-Server",
  "X-Auth-Request-User",
  "X-Auth-Request-Email",
  "X-Auth-Request-Groups",
  "X-Auth-Request-Preferred-Username",
  "X-Auth-Request-Access-Token",
  "X-Authenticated-User",
  "X-Authenticated-Userid",
  "X-Authenticated-Scope",
  "X-Authenticated-Groups",
  "X-Consumer-ID",
  "X-Consumer-Username",
  "X-Consumer-Custom-ID",
  "X-Credential-Identifier",
  "X-Authentik-Username",
  "X-Authentik-Groups",
  "X-Authentik-Email",
  "X-Authentik-Jwt",
  "X-WEBAUTH-USER",
  "X-WEBAUTH-ROLE",
  "X-WEBAUTH-EMAIL",
  "X-WEBAUTH-GROUPS",
  "Remote-User",
  "Remote-Groups",
  "Remote-Name",
  "Remote-Email",
  "X-Remote-User",
  "X-Remote-Group",
  "X-User",
  "X-User-ID",
  "X-UserID",
  "X-User-Name",
  "X-Username",
  "X-User-Email",
  "X-User-Groups",
  "X-User-Roles",
  "X-Userinfo",
  "X-Email",
  "X-Groups",
  "X-Roles",
  "X-Apigateway-Api-Userinfo",
  "X-Endpoint-Api-Userinfo",
  "X-Pomerium-Claim-Email",
  "X-Pomerium-Jwt-Assertion",
  "X-Vouch-User",
  "OIDC-Claim-Sub",
  "OIDC-Claim-Email",
  "Shib-Session-ID",
  "iv-user",
  "iv-groups",
  "iv-creds",
  "SM-User",
  "Client-Cert",
  "Client-Cert-Chain",
  "X-Client-Cert",
  "X-Client-DN",
  "X-Client-S-DN",
  "X-Client-Verify",
  "X-ARR-ClientCert",
  "SSL-Client-Cert",
  "SSL-Client-Verify",
  "SSL-Client-S-DN",
  "X-SSL-Client-Cert",
  "X-SSL-Client-Verify",
  "X-SSL-Client-S-DN",
  "X-TLS-Client-Cert",
  "Front-End-Https",
  "Cf-Access-Jwt-Assertion",
  "Cf-Access-Authenticated-User-Email",
  "X-Amzn-Mtls-Clientcert",
  "X-Amzn-Oidc-Data",
  "X-Amzn-Oidc-Identity",
  "X-Goog-Authenticated-User-Email",
  "X-Goog-Authenticated-User-ID",
  "X-Goog-Iap-Jwt-Assertion",
  "X-MS-Client-Principal",
  "X-MS-Client-Principal-Name",
  "X-MS-Client-Principal-ID",
  "X-MS-Token-Aad-Id-Token",
  "X-Envoy-External-Address",
  "X-Envoy-Internal",
];

/** Headers that browsers, tracing and common clients send. All reverse proxies forward them. */
export const HARMLESS: readonly string[] = [
  ...["Accept", "Accept-Language", "Cache-Control", "Content-Type", "Idempotency-Key"],
  ...["If-None-Match", "Origin", "Pragma", "Prefer", "Priority", "Range", "Referer"],
  ...["Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Traceparent", "Tracestate"],
  ...["User-Agent", "X-API-Key", "X-Correlation-ID", "X-CSRF-Token", "X-Request-ID"],
  ...["X-Requested-With", "X-XSRF-Token"],
];

/** Headers that every reverse proxy forwards unless it can only name headers (nginx). */
export const CUSTOM: readonly string[] = [
  ...["Apollo-Require-Preflight", "Grpc-Timeout", "Sec-CH-UA", "Tus-Resumable", "Upload-Offset"],
  ...["X-Amz-Date", "X-Amz-Security-Token", "X-Amz-User-Agent", "X-Client-Info", "X-Custom"],
  ...["X-Client-Version", "X-Grpc-Web", "X-Remotely", "X-Users"],
];

/** Headers with which a client could claim another identity or another request. */
export const SPOOFED = [
  "X-Breezeway-User: mallory",
  "X_Breezeway_User: mallory",
  "X-Breezeway_User: mallory",
  "X.Breezeway.User: mallory",
  "x-breezeway-SCOPE: admin",
  "X_Tenant_ID: globex",
  "X-Tenant_ID: globex",
  "X-HTTP-Method-Override: DELETE",
  "X-Original-URL: /admin",
  "X-HTTP-Method: DELETE",
  "X-Method-Override: DELETE",
  "X-Original-URI: /admin",
  "X-Original-Method: DELETE",
  "X-Rewrite-URL: /admin",
  "Proxy: http://mallory.example",
  "Forwarded: for=mallory",
  ...PROXY_CLAIMS.map((name) => `${name}: mallory`),
  "SSL_CLIENT_S_DN: mallory",
  "REMOTE_USER: mallory",
  "X_Auth_Request_User: mallory",
  "X-Auth-Request_User: mallory",
  "X.WEBAUTH.USER: mallory",
  "Cookie: breezeway=secret",
];
