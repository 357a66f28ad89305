/**
 * The statements that earlier versions send, by the last migration that they know. They are taken from the
 * programs of these versions, and their text never changes: a store that this version has migrated must work
 * for them. `:name` stands for a parameter. The statements of one operation are one transaction.
 *
 * `for update` and `pg_notify` are for Postgres alone: SQLite takes its write lock at the begin, and polls.
 */

export interface Statement {
  readonly sql: string;
  readonly only?: "postgres";
}

export type Operations = Readonly<Record<OperationName, readonly Statement[]>> &
  Readonly<Partial<Record<AppOperationName, readonly Statement[]>>>;

/** What only versions with apps in the store do. */
export type AppOperationName = "changeApp" | "readApps";

export type OperationName =
  | "createSession"
  | "findSession"
  | "rotateSecret"
  | "updateSession"
  | "findLive"
  | "revokeSession"
  | "append"
  | "readChanges"
  | "listKeys"
  | "addKey"
  | "removeKey"
  | "addLogin"
  | "takeLogin"
  | "install"
  | "listInstallations";

const SESSION_COLUMNS =
  '"handle", "selector_hash", "secret_hash", "previous_secret_hash", "previous_since_ms", "siblings", "user_id", "tenant_id", "tenants", "claims", "data", "created_at_ms", "last_active_at_ms", "expires_at_ms", "revoked_at_ms", "revoked_reason"';
const SESSION_VALUES =
  ":handle, :selector_hash, :secret_hash, :previous_secret_hash, :previous_since_ms, :siblings, :user_id, :tenant_id, :tenants, :claims, :data, :created_at_ms, :last_active_at_ms, :expires_at_ms, :revoked_at_ms, :revoked_reason";

const APPEND: readonly Statement[] = [
  {
    sql: 'update "breezeway_change_counter" set "seq" = "seq" + :count where "id" = :one returning "seq"',
  },
  {
    sql: 'insert into "breezeway_change" ("seq", "kind", "subject", "tenant_id", "detail", "at_seconds") values (:seq, :kind, :subject, :change_tenant_id, :detail, :at_seconds)',
  },
  { sql: "select pg_notify(:channel, :seq_text)", only: "postgres" },
];

const SIBLINGS: Operations = {
  createSession: [
    { sql: `insert into "breezeway_session" (${SESSION_COLUMNS}) values (${SESSION_VALUES})` },
  ],
  findSession: [
    { sql: 'select * from "breezeway_session" where "selector_hash" = :selector_hash' },
  ],
  rotateSecret: [
    {
      sql: 'update "breezeway_session" set "selector_hash" = :selector_hash, "secret_hash" = :next_secret_hash, "previous_secret_hash" = :previous_secret_hash, "previous_since_ms" = :previous_since_ms, "siblings" = :next_siblings, "tenant_id" = :tenant_id, "last_active_at_ms" = :last_active_at_ms where "handle" = :handle and "secret_hash" = :secret_hash and "siblings" = :siblings and "revoked_at_ms" is null',
    },
  ],
  updateSession: [
    {
      sql: 'select * from "breezeway_session" where "handle" = :handle and "revoked_at_ms" is null for update',
      only: "postgres",
    },
    {
      sql: 'update "breezeway_session" set "claims" = :claims where "handle" = :handle returning *',
    },
    ...APPEND,
  ],
  findLive: [
    {
      sql: 'select "handle" from "breezeway_session" where "revoked_at_ms" is null and "user_id" = :user_id limit :limit',
    },
  ],
  revokeSession: [
    {
      sql: 'update "breezeway_session" set "revoked_at_ms" = :revoked_at_ms, "revoked_reason" = :revoked_reason where "revoked_at_ms" is null and "handle" in (:handle) returning *',
    },
    ...APPEND,
  ],
  append: APPEND,
  readChanges: [
    { sql: 'select * from "breezeway_change" where "seq" > :after order by "seq" limit :limit' },
  ],
  listKeys: [{ sql: 'select * from "breezeway_signing_key" order by "alg", "ordinal"' }],
  addKey: [
    {
      sql: 'insert into "breezeway_signing_key" ("kid", "alg", "ordinal", "public_jwk", "private_reference", "created_at_ms", "activates_at_ms", "retires_at_ms", "removed_at_ms") values (:kid, :alg, :ordinal, :public_jwk, :private_reference, :created_at_ms, :activates_at_ms, :retires_at_ms, :removed_at_ms) on conflict do nothing',
    },
    ...APPEND,
  ],
  removeKey: [
    {
      sql: `update "breezeway_signing_key" set "removed_at_ms" = :removed_at_ms, "private_reference" = '' where "kid" = :kid`,
    },
    ...APPEND,
  ],
  addLogin: [
    {
      sql: 'insert into "breezeway_login_attempt" ("id_hash", "state", "nonce", "code_verifier", "return_to", "expires_at_ms") values (:id_hash, :state, :nonce, :code_verifier, :return_to, :expires_at_ms)',
    },
  ],
  takeLogin: [
    { sql: 'delete from "breezeway_login_attempt" where "id_hash" = :id_hash returning *' },
  ],
  install: [
    {
      sql: 'insert into "breezeway_installation" ("app_id", "tenant_id", "id", "state", "failure_event", "failure_reason", "failure_detail", "attempts", "due_at_ms", "lease_id", "created_at_ms", "changed_at_ms") values (:app_id, :tenant_id, :id, :state, :failure_event, :failure_reason, :failure_detail, :attempts, :due_at_ms, :lease_id, :created_at_ms, :changed_at_ms) on conflict do nothing',
    },
    ...APPEND,
  ],
  listInstallations: [
    {
      sql: 'select * from "breezeway_installation" where "tenant_id" = :tenant_id order by "app_id"',
    },
  ],
};

const ROTATIONS: Operations = {
  ...SIBLINGS,
  createSession: [
    {
      sql: `insert into "breezeway_session" (${SESSION_COLUMNS}, "review_at_ms") values (${SESSION_VALUES}, :review_at_ms)`,
    },
  ],
  findLive: [
    {
      sql: 'select "tenant_id" as "tenantId", "handle" from "breezeway_session" where "revoked_at_ms" is null and "user_id" = :user_id order by "tenant_id", "handle" limit :limit',
    },
  ],
  revokeSession: [
    {
      sql: 'update "breezeway_session" set "revoked_at_ms" = :revoked_at_ms, "revoked_reason" = :revoked_reason, "review_at_ms" = :review_at_ms where "revoked_at_ms" is null and "handle" in (:handle) returning "handle", "user_id" as "userId", "tenant_id" as "tenantId"',
    },
    ...APPEND,
  ],
};

const KEYS_IN_USE: Operations = {
  ...ROTATIONS,
  addKey: [
    {
      sql: 'insert into "breezeway_signing_key" ("kid", "alg", "ordinal", "public_jwk", "private_reference", "created_at_ms", "activates_at_ms", "retires_at_ms", "removed_at_ms", "activated_at_ms") values (:kid, :alg, :ordinal, :public_jwk, :private_reference, :created_at_ms, :activates_at_ms, :retires_at_ms, :removed_at_ms, :activated_at_ms) on conflict do nothing',
    },
    ...APPEND,
  ],
};

const APPS: Operations = {
  ...KEYS_IN_USE,
  changeApp: [
    {
      sql: 'update "breezeway_app" set "manifest" = :manifest, "revision" = :revision, "suspensions" = :suspensions, "changes" = :changes, "changed_at_ms" = :changed_at_ms where "app_id" = :app_id',
    },
    {
      sql: 'insert into "breezeway_app_change" ("action", "tenant_id", "reason", "manifest", "diff", "actor", "app_id", "number", "revision", "at_ms") values (:action, :tenant_id, :reason, :manifest, :diff, :actor, :app_id, :changes, :revision, :changed_at_ms)',
    },
    ...APPEND,
  ],
  readApps: [{ sql: 'select * from "breezeway_app"' }],
};

const DEVICES: Operations = {
  ...APPS,
  createSession: [
    {
      sql: `insert into "breezeway_session" (${SESSION_COLUMNS}, "review_at_ms", "device", "network") values (${SESSION_VALUES}, :review_at_ms, :device, :network)`,
    },
  ],
};

export const EARLIER_STATEMENTS: Readonly<Record<string, Operations>> = {
  "0003_siblings": SIBLINGS,
  "0006_rotations": ROTATIONS,
  "0007_keys_in_use": KEYS_IN_USE,
  "0008_apps": APPS,
  // It added a table, and changed no statement on the others.
  "0009_wishes": APPS,
  "0010_devices": DEVICES,
};
