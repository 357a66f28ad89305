/** Parses what hosts pass to the programmatic API, before anything is stored. */
import { isIP } from "node:net";
import { BridgeError } from "@breezeway/shared";
import { RESERVED_CLAIMS, parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { SESSION_LIMITS } from "../limits.ts";
import { storedId } from "../stored-id.ts";
import type { SessionClient } from "./session-device.ts";
import type { Claims, TenantAccess } from "./session-record.ts";

/** An authenticated user, for a new session. */
export interface NewSession {
  /** 1 to 256 characters, without NUL. */
  readonly userId: string;
  /** The active tenant; one of `tenants` when those are given. */
  readonly tenantId: string;
  /** Tenants that the user may switch to, with their scopes in each. Default: the active one only. */
  readonly tenants?: Readonly<Record<string, TenantAccess>>;
  /** Scopes in the active tenant. For users of one tenant, in place of `tenants`. */
  readonly scopes?: readonly string[];
  /** Custom claims for every token of the session. Reserved names are refused; at most 4 kB. */
  readonly claims?: Claims;
  /** Kept on the server; at most 64 kB. */
  readonly data?: Claims;
  /** The request that signed the user in, for the device of the session. Default: no device is kept. */
  readonly client?: SessionClient;
}

export interface CheckedSession {
  readonly userId: string;
  readonly tenantId: string;
  readonly tenants: Readonly<Record<string, TenantAccess>>;
  readonly claims: Claims;
  readonly data: Claims;
  readonly client: SessionClient | undefined;
}

const { maxClaimsBytes, maxDataBytes, maxTenants } = SESSION_LIMITS;

const RESERVED: ReadonlySet<string> = new Set(RESERVED_CLAIMS);

// RFC 6749, section 3.3: a scope is visible ASCII without quote and backslash.
const scope = z.string().check(z.regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, "must be a scope"));
const tenants = z.record(storedId, z.object({ scopes: z.array(scope).check(z.maxLength(256)) }));
const record = z.record(z.string(), z.unknown());

const newSessionSchema = z.strictObject({
  userId: storedId,
  tenantId: storedId,
  tenants: z.optional(tenants),
  scopes: z.optional(z.array(scope)),
  claims: z.optional(record),
  data: z.optional(record),
  client: z.optional(
    z.strictObject({
      userAgent: z.optional(z.string()),
      address: z.optional(
        z.string().check(z.refine((text) => isIP(text) !== 0, "must be an IP address")),
      ),
    }),
  ),
});

/** @throws {BridgeError} REQUEST_MALFORMED, naming the field; TENANT_NOT_ALLOWED */
export function checkNewSession(input: NewSession): CheckedSession {
  const parsed = parseWith(newSessionSchema, input, {
    code: "REQUEST_MALFORMED",
    source: "session",
  });
  // The parser leaves such a member out.
  if (input.tenants && Object.hasOwn(input.tenants, "__proto__")) {
    throw malformed("session: tenants: must not contain a tenant __proto__.");
  }
  const allowed = parsed.tenants ?? { [parsed.tenantId]: { scopes: parsed.scopes ?? [] } };
  if (!Object.hasOwn(allowed, parsed.tenantId)) {
    throw new BridgeError("TENANT_NOT_ALLOWED", "session: tenantId: must be one of tenants.");
  }
  if (parsed.tenants && parsed.scopes) {
    throw malformed(
      "session: scopes: must be absent when tenants is given. Put the scopes into tenants.",
    );
  }
  if (Object.keys(allowed).length > maxTenants) {
    throw malformed(`session: tenants: must have at most ${maxTenants} entries.`);
  }
  return {
    userId: parsed.userId,
    tenantId: parsed.tenantId,
    tenants: allowed,
    claims: checkClaims(parsed.claims ?? {}),
    data: checkData(parsed.data ?? {}),
    client: parsed.client,
  };
}

/** @throws {BridgeError} REQUEST_MALFORMED, for a reserved name or more than 4 kB of JSON */
export function checkClaims(claims: Claims): Claims {
  for (const name of Object.keys(claims)) {
    if (RESERVED.has(name))
      throw malformed(`claims: ${name}: this name is reserved. Use another name.`);
  }
  return toJsonObject(claims, "claims", maxClaimsBytes);
}

/** @throws {BridgeError} REQUEST_MALFORMED, for more than 64 kB of JSON */
export function checkData(data: Claims): Claims {
  return toJsonObject(data, "data", maxDataBytes);
}

/**
 * Applies a merge patch (RFC 7396) to the first level of an object: `null` removes a member, any other
 * value replaces it.
 */
export function mergePatch(current: Claims, patch: Claims): Claims {
  const merged = new Map(Object.entries(current));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else if (value !== undefined) merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

// The store keeps JSON, so the value becomes plain JSON before anything else reads it.
function toJsonObject(value: Claims, field: string, maxBytes: number): Claims {
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    throw malformed(`${field}: must be representable as JSON.`);
  }
  if (Buffer.byteLength(text) > maxBytes) {
    throw malformed(`${field}: must be at most ${maxBytes} bytes of JSON.`);
  }
  return JSON.parse(text) as Claims;
}

function malformed(message: string): BridgeError {
  return new BridgeError("REQUEST_MALFORMED", message);
}
