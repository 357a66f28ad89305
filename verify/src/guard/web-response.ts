import type { ProblemResponse } from "@breezeway/shared";

export function problemResponse({ status, headers, body }: ProblemResponse): Response {
  return new Response(body, { status, headers });
}

/**
 * The answer to a preflight where the application has no place for one of its own. Without CORS
 * headers: the browser then refuses the request, unless a layer outside adds them.
 */
export function preflightResponse(): Response {
  return new Response(null, { status: 204 });
}
