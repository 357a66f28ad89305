/** Turns the issuer's section of the configuration into options, with its secrets and hooks. */
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

export interface IssuerOptionsDeps {
  /** The configuration file. */
  readonly file: string;
  readonly apps: AppRegistry;
  readonly hooks: Hooks;
  readonly readSecret: ReadSecret;
  /** Writes a line of the audit log. */
  readonly out: (line: string) => void;
}

// The same minimum as in `createIssuer`, which checks it later, when it opens the keys.
const MIN_SECRET_LENGTH = 16;

/** @throws {BridgeError} CONFIG_INVALID, naming the file and the field */
export async function createIssuerOptions(
  section: IssuerSection,
  deps: IssuerOptionsDeps,
): Promise<IssuerOptions> {
  const { url, port, host, keepAliveTimeoutMs, hooks, hookTimeoutMs, ...described } = section;
  const { store, oidc, keys, revocations, installations, ...plain } = described;
  const { claims, mayManage } = deps.hooks;
  return {
    ...plain,
    issuer: url,
    apps: deps.apps,
    store: await createStore(store, deps),
    audit:
      section.audit === "stdout"
        ? pinoAudit({ write: (line) => deps.out(line.trimEnd()) })
        : () => undefined,
    ...(oidc && { oidc: oidcOptions(oidc, deps) }),
    ...(keys && { keys: keyOptions(keys, deps) }),
    ...(revocations && { revocations: revocationOptions(revocations, deps) }),
    ...(installations && { installations: { ...installations, ...(mayManage && { mayManage }) } }),
    ...(claims && { claims }),
  };
}

async function createStore(
  section: IssuerSection["store"],
  { file, readSecret }: IssuerOptionsDeps,
): Promise<Store> {
  if (section.kind === "sqlite") {
    const { kind, ...options } = section;
    return sqliteStore({ ...options, file: resolve(dirname(file), section.file) });
  }
  const { kind, url, ...options } = section;
  // Users of SQLite need not load the driver.
  const { postgresStore } = await import("@breezeway/issuer/postgres");
  const connectionString = readSecret(url, "issuer.store.url");
  try {
    return postgresStore({ ...options, connectionString });
  } catch (error) {
    if (!BridgeError.is(error)) throw error;
    const message = error.message
      .replace(/^postgresStore: /, `${file}: issuer.store.`)
      .replace(".connectionString: ", ".url: ");
    throw new BridgeError(error.code, message, { cause: error });
  }
}

function oidcOptions(
  { clientSecret, ...section }: NonNullable<IssuerSection["oidc"]>,
  { file, hooks: { mapUser }, readSecret }: IssuerOptionsDeps,
): OidcOptions {
  if (mapUser === undefined) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `${file}: issuer.hooks: must name a module that exports mapUser, which issuer.oidc requires.`,
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
  { file, readSecret }: IssuerOptionsDeps,
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
  { readSecret }: IssuerOptionsDeps,
): RevocationOptions {
  return {
    ...section,
    secrets: secrets.map((secret, index) =>
      readSecret(secret, `issuer.revocations.secrets[${index}]`),
    ),
  };
}
