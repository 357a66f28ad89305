/** The schemas of `openapi.yaml`: those with which issuer and host parse, as JSON Schema 2020-12. */
import * as z from "zod/mini";
import { HTTP_CODES, isErrorCode, reasonOf } from "../../../shared/src/index.ts";
import {
  appListResponseSchema,
  devLoginRequestSchema,
  endDevicesRequestSchema,
  endDevicesResponseSchema,
  sessionDevicesResponseSchema,
  grantListResponseSchema,
  grantRequestSchema,
  grantResponseSchema,
  grantWishRequestSchema,
  grantWishResponseSchema,
  grantSchema,
  installationListResponseSchema,
  installationRequestSchema,
  installationResponseSchema,
  installationSchema,
  registryResponseSchema,
  revocationSchema,
  sessionSummarySchema,
  tenantRequestSchema,
  tokenRequestSchema,
  tokenResponseSchema,
} from "../../../shared/src/schemas.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

const string = { type: "string" } as const;
const boolean = { type: "boolean" } as const;
const sequence = { type: "integer", minimum: 0 } as const;

function object(properties: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required };
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** Schemas that are written by hand, since no program here parses by them. */
const WRITTEN: Readonly<Record<string, JsonSchema>> = {
  JwkSet: object({ keys: { type: "array", items: ref("Jwk"), maxItems: 64 } }),
  Jwk: object(
    {
      kty: { enum: ["OKP", "EC"] },
      crv: { enum: ["Ed25519", "P-256"] },
      x: string,
      y: string,
      kid: { ...string, minLength: 1, maxLength: 256 },
      alg: { enum: ["EdDSA", "ES256"] },
      use: { const: "sig" },
    },
    ["y"],
  ),
  Health: object({
    live: { const: true },
    ready: boolean,
    store: boolean,
    writes: boolean,
    keys: boolean,
    clock: boolean,
    draining: boolean,
  }),
  RevocationSnapshot: object({
    seq: sequence,
    revocations: { type: "array", items: ref("Revocation") },
  }),
  EmptyEvent: { type: "object", maxProperties: 0 },
  TenantChangedEvent: object({ tenantId: string }),
  RevokedEvent: object({ reason: string }),
  Problem: object(
    {
      type: { ...string, format: "uri" },
      title: string,
      status: { type: "integer", minimum: 400, maximum: 599 },
      reason: { enum: Object.keys(HTTP_CODES).map((code) => reasonOfCode(code)) },
      action: { enum: ["refresh", "login", "step-up", "wait", "none"] },
      requestId: string,
      detail: string,
    },
    ["detail"],
  ),
};

const PARSED: Readonly<Record<string, z.ZodMiniType>> = {
  SessionSummary: sessionSummarySchema,
  SessionOrNull: z.nullable(sessionSummarySchema),
  TokenRequest: tokenRequestSchema,
  TokenResponse: tokenResponseSchema,
  TenantRequest: tenantRequestSchema,
  SessionDevicesResponse: sessionDevicesResponseSchema,
  EndDevicesRequest: endDevicesRequestSchema,
  EndDevicesResponse: endDevicesResponseSchema,
  DevLoginRequest: devLoginRequestSchema,
  Installation: installationSchema,
  InstallationRequest: installationRequestSchema,
  InstallationResponse: installationResponseSchema,
  InstallationListResponse: installationListResponseSchema,
  AppListResponse: appListResponseSchema,
  RegistryResponse: registryResponseSchema,
  Grant: grantSchema,
  GrantRequest: grantRequestSchema,
  GrantResponse: grantResponseSchema,
  GrantWishRequest: grantWishRequestSchema,
  GrantWishResponse: grantWishResponseSchema,
  GrantListResponse: grantListResponseSchema,
  Revocation: revocationSchema,
};

export function componentSchemas(): Readonly<Record<string, JsonSchema>> {
  const parsed = Object.entries(PARSED).map(([name, schema]) => [name, jsonSchemaOf(schema)]);
  return { ...(Object.fromEntries(parsed) as Record<string, JsonSchema>), ...WRITTEN };
}

/** As a reader takes it: members that are not known are allowed, except in what the issuer parses. */
function jsonSchemaOf(schema: z.ZodMiniType): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    override: describeThumbprint,
  });
  if ($schema !== DIALECT) throw new Error(`zod writes another dialect: ${$schema}`);
  return rest;
}

// A refinement is code, which JSON Schema cannot hold.
function describeThumbprint({
  path,
  jsonSchema,
}: {
  path: (string | number)[];
  jsonSchema: object;
}) {
  if (path.at(-1) !== "proofKeyThumbprint") return;
  Object.assign(jsonSchema, { pattern: "^[\\w-]{42}[AEIMQUYcgkosw048]$" });
}

function reasonOfCode(code: string): string {
  if (!isErrorCode(code)) throw new Error(`${code} is not in the table of errors.`);
  return reasonOf(code);
}
