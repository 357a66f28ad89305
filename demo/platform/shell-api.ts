/**
 * The shell's own backend: customers for its first-party page, by its first-party cookie. The cookie
 * is the issuer's to read, so the issuer is asked who it is.
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
  // The issuer's own words for no session, an expired one, or a store that is away.
  if (!session.ok) return session;
  const summary: unknown = await session.json();
  const tenantId = isRecord(summary) ? summary["tenantId"] : undefined;
  if (typeof tenantId !== "string") throw new TypeError("the issuer's answer has no tenant");
  return Response.json(createCustomerStore({ database, tenantId, now }).list(), {
    headers: { "cache-control": "no-store" },
  });
}
