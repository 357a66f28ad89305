/**
 * The shell's own backend. It lists customers for the shell's page, which sends its first-party cookie.
 * Only the issuer reads that cookie, so this backend asks the issuer for the session.
 */
import { isRecord } from "@breezeway/shared";
import type { DatabaseSync } from "node:sqlite";
import { createCustomerStore } from "../upstream/customer-store.ts";

export interface ShellApiOptions {
  readonly issuerUrl: string;
  readonly issuer: { fetch(request: Request): Promise<Response> };
  readonly database: DatabaseSync;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Answers `GET /api/customers`. */
export async function listCustomers(
  request: Request,
  { issuerUrl, issuer, database, now }: ShellApiOptions,
): Promise<Response> {
  const session = await issuer.fetch(
    new Request(`${issuerUrl}/session`, {
      headers: { cookie: request.headers.get("cookie") ?? "" },
    }),
  );
  // The issuer's problem+json already says why: no session, an expired one, or no session store.
  if (!session.ok) return session;
  const summary: unknown = await session.json();
  const tenantId = isRecord(summary) ? summary["tenantId"] : undefined;
  if (typeof tenantId !== "string")
    throw new TypeError("GET /session: the issuer's response has no tenantId.");
  return Response.json(createCustomerStore({ database, tenantId, now }).list(), {
    headers: { "cache-control": "no-store" },
  });
}
