/** The option `devLogin`: sign-in without a password, for development. */
import { BridgeError, isLoopbackHost } from "@breezeway/shared";
import { optionObject } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { Claims, TenantAccess } from "../sessions/session-record.ts";

export interface DevUser {
  readonly id: string;
  readonly name: string;
  /** Tenants that the user belongs to, with the user's scopes in each. */
  readonly tenants: Readonly<Record<string, TenantAccess>>;
  readonly claims?: Claims;
}

export interface DevLoginOptions {
  readonly users: readonly DevUser[];
}

export const devLoginOptions: z.ZodMiniType<DevLoginOptions> = optionObject<DevLoginOptions>({
  users: z.array(
    optionObject<DevUser>({
      id: z.string(),
      name: z.string(),
      tenants: z.record(z.string(), optionObject<TenantAccess>({ scopes: z.array(z.string()) })),
      claims: z.optional(z.record(z.string(), z.unknown())),
    }),
  ),
});

/**
 * Refuses the development login wherever it could let strangers in. A production server that does
 * not set `NODE_ENV` is such a place, too.
 *
 * @throws {BridgeError} CONFIG_INVALID, when `NODE_ENV` is `production`, or when the issuer is not on
 *   loopback and `NODE_ENV` is neither `development` nor `test`
 */
export function assertDevLoginAllowed(environment: string | undefined, issuer: URL): void {
  if (environment === "production") {
    throw invalid(" and is refused when NODE_ENV is production. Remove the option.");
  }
  const isForDevelopment = environment === "development" || environment === "test";
  if (!isForDevelopment && !isLoopbackHost(issuer.hostname)) {
    throw invalid(
      `, and ${issuer.hostname} is not this machine. For development, set NODE_ENV=development.`,
    );
  }
}

function invalid(text: string): BridgeError {
  return new BridgeError(
    "CONFIG_INVALID",
    `createIssuer: devLogin: signs in anybody without a password${text}`,
  );
}
