/**
 * CORS: only the exact trusted origins may read, with credentials. The key set sets its own `*`. Other
 * responses have no CORS headers, so browsers refuse them to other origins.
 */
import type { Endpoint } from "./context.ts";
import type { OriginPolicy } from "./csrf.ts";

export function corsHeaders(headers: Headers, policy: OriginPolicy): [string, string][] {
  if (policy.trustedOrigins.size === 0) return [];
  const origin = headers.get("origin");
  if (origin === null || !policy.trustedOrigins.has(origin)) return [["vary", "Origin"]];
  return [
    ["access-control-allow-origin", origin],
    ["access-control-allow-credentials", "true"],
    ["vary", "Origin"],
  ];
}

/** The value of `Allow` (RFC 9110, section 10.2.1). */
export function allowedMethods(endpoints: readonly Endpoint[]): string {
  const methods = endpoints.map(({ method }) => method);
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
}

export function preflight(
  headers: Headers,
  endpoints: readonly Endpoint[],
  policy: OriginPolicy,
): Response {
  const origin = headers.get("origin");
  const isTrusted = origin !== null && policy.trustedOrigins.has(origin);
  const methods = endpoints.map(({ method }) => method).join(", ");
  return new Response(null, {
    status: 204,
    headers: isTrusted
      ? {
          "access-control-allow-methods": methods,
          "access-control-allow-headers": "content-type, prefer, x-breezeway-request",
          "access-control-max-age": "600",
        }
      : { allow: allowedMethods(endpoints) },
  });
}
