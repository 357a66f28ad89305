/** Responses of the issuer. They are `no-store` unless an endpoint sets another value. */
import { toProblem } from "@breezeway/shared";

const NO_STORE = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

export function json(
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...NO_STORE, ...headers },
  });
}

export function noContent(headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status: 204, headers: { ...NO_STORE, ...headers } });
}

export function problem(error: unknown, requestId: string, retryAfterSeconds?: number): Response {
  const answer = toProblem(error, {
    requestId,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
  return new Response(answer.body, {
    status: answer.status,
    headers: { ...NO_STORE, ...answer.headers },
  });
}
