/** The issuer's section of the configuration, with its secrets and hooks in place. */
import { dirname, resolve } from "node:path";
import {
  pinoAudit,
  sqliteStore,
  type IssuerOptions,
  type KeyOptions,
  type OidcOptions,
  type RevocationOptions,
  type Store,
} from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import type { AppRegistry } from "@breezeway/shared/schemas";
import type { IssuerSection } from "./config-schema.ts";
import type { Hooks } from "./hooks.ts";
import type { ReadSecret } from "./secrets.ts";

export interface IssuerParts {
  /** The configuration file. */
  readonly file: string;
  readonly apps: AppRegistry;
  readonly hooks: Hooks;
  readonly readSecret: ReadSecret;
  /** Takes a line of the audit log. */
  readonly out: (line: string) => void;
}

// As `createIssuer` asks for when it opens its keys, which is later than a check.
const MIN_SECRET_LENGTH = 16;

/** @throws {BridgeError} CONFIG_INVALID, naming the file and the field */
export async function createIssuerOptions(
  section: IssuerSection,
  parts: IssuerParts,
): Promise<IssuerOptions> {
  const { url, port, host, hooks, hookTimeoutMs, ...described } = section;
  const { store, oidc, keys, revocations, installations, ...plain } = described;
  const { claims, mayManage } = parts.hooks;
  return {
    ...plain,
    issuer: url,
    apps: parts.apps,
    store: await createStore(store, parts),
    audit:
      section.audit === "stdout"
        ? pinoAudit({ write: (line) => parts.out(line.trimEnd()) })
        : () => undefined,
    ...(oidc && { oidc: oidcOptions(oidc, parts) }),
    ...(keys && { keys: keyOptions(keys, parts) }),
    ...(revocations && { revocations: revocationOptions(revocations, parts) }),
    ...(installations && { installations: { ...installations, ...(mayManage && { mayManage }) } }),
    ...(claims && { claims }),
  };
}

async function createStore(
  section: IssuerSection["store"],
  { file, readSecret }: IssuerParts,
): Promise<Store> {
  if (section.kind === "sqlite") {
    const { kind, ...options } = section;
    return sqliteStore({ ...options, file: resolve(dirname(file), section.file) });
  }
  const { kind, url, ...options } = section;
  // Only who uses Postgres loads its driver.
  const { postgresStore } = await import("@breezeway/issuer/postgres");
  return postgresStore({ ...options, connectionString: readSecret(url, "issuer.store.url") });
}

function oidcOptions(
  { clientSecret, ...section }: NonNullable<IssuerSection["oidc"]>,
  { file, hooks: { mapUser }, readSecret }: IssuerParts,
): OidcOptions {
  if (mapUser === undefined) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `${file}: issuer.hooks: must name a module that exports mapUser, since there is oidc.`,
    );
  }
  return {
    ...section,
    mapUser,
    ...(clientSecret && {
      clientSecret: readSecret(clientSecret, "issuer.oidc.clientSecret"),
    }),
  };
}

function keyOptions(
  { encryptionSecret, ...section }: NonNullable<IssuerSection["keys"]>,
  { file, readSecret }: IssuerParts,
): KeyOptions {
  if (encryptionSecret === undefined) return section;
  const field = "issuer.keys.encryptionSecret";
  const value = readSecret(encryptionSecret, field);
  if (value.length >= MIN_SECRET_LENGTH) return { ...section, encryptionSecret: value };
  throw new BridgeError(
    "CONFIG_INVALID",
    `${file}: ${field}: must have at least ${MIN_SECRET_LENGTH} characters.`,
  );
}

function revocationOptions(
  { secrets = [], ...section }: NonNullable<IssuerSection["revocations"]>,
  { readSecret }: IssuerParts,
): RevocationOptions {
  return {
    ...section,
    secrets: secrets.map((secret, index) =>
      readSecret(secret, `issuer.revocations.secrets[${index}]`),
    ),
  };
}
