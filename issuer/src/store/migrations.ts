/** The migrations of the schema. A released migration never changes; add a new one instead. */
import { sql, type Kysely } from "kysely";
import type { Migration, MigrationProvider } from "kysely/migration";
import type { CleanUpTable } from "./schema.ts";
import type { StoreKind } from "./store.ts";

const initial: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("breezeway_session")
      .addColumn("handle", "text", (column) => column.primaryKey())
      .addColumn("selector_hash", "text", (column) => column.notNull().unique())
      .addColumn("secret_hash", "text", (column) => column.notNull())
      .addColumn("previous_secret_hash", "text")
      .addColumn("previous_since_ms", "bigint")
      .addColumn("user_id", "text", (column) => column.notNull())
      .addColumn("tenant_id", "text", (column) => column.notNull())
      .addColumn("tenants", "text", (column) => column.notNull())
      .addColumn("claims", "text", (column) => column.notNull())
      .addColumn("data", "text", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("last_active_at_ms", "bigint", (column) => column.notNull())
      .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
      .addColumn("revoked_at_ms", "bigint")
      .addColumn("revoked_reason", "text")
      .execute();
    await db.schema
      .createIndex("breezeway_session_user")
      .on("breezeway_session")
      .columns(["user_id", "tenant_id"])
      .execute();
    await db.schema
      .createIndex("breezeway_session_tenant")
      .on("breezeway_session")
      .column("tenant_id")
      .execute();

    await db.schema
      .createTable("breezeway_signing_key")
      .addColumn("kid", "text", (column) => column.primaryKey())
      .addColumn("alg", "text", (column) => column.notNull())
      .addColumn("ordinal", "integer", (column) => column.notNull())
      .addColumn("public_jwk", "text", (column) => column.notNull())
      .addColumn("private_reference", "text", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("activates_at_ms", "bigint", (column) => column.notNull())
      .addColumn("retires_at_ms", "bigint")
      .addColumn("removed_at_ms", "bigint")
      .addUniqueConstraint("breezeway_signing_key_succession", ["alg", "ordinal"])
      .execute();

    await db.schema
      .createTable("breezeway_change")
      .addColumn("seq", "bigint", (column) => column.primaryKey())
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("subject", "text", (column) => column.notNull())
      .addColumn("tenant_id", "text")
      .addColumn("detail", "text")
      .addColumn("at_seconds", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("breezeway_change_counter")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("seq", "bigint", (column) => column.notNull())
      .execute();
    await (db as Kysely<{ breezeway_change_counter: { id: number; seq: number } }>)
      .insertInto("breezeway_change_counter")
      .values({ id: 1, seq: 0 })
      .execute();

    await db.schema
      .createTable("breezeway_login_attempt")
      .addColumn("id_hash", "text", (column) => column.primaryKey())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("nonce", "text", (column) => column.notNull())
      .addColumn("code_verifier", "text", (column) => column.notNull())
      .addColumn("return_to", "text", (column) => column.notNull())
      .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
      .execute();
  },
};

const installations: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("breezeway_installation")
      .addColumn("app_id", "text", (column) => column.notNull())
      .addColumn("tenant_id", "text", (column) => column.notNull())
      .addColumn("id", "text", (column) => column.notNull().unique())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("failure_event", "text")
      .addColumn("failure_reason", "text")
      .addColumn("failure_detail", "text")
      .addColumn("attempts", "integer", (column) => column.notNull())
      .addColumn("due_at_ms", "bigint", (column) => column.notNull())
      .addColumn("lease_id", "text")
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("changed_at_ms", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("breezeway_installation_place", ["tenant_id", "app_id"])
      .execute();
    await db.schema
      .createIndex("breezeway_installation_due")
      .on("breezeway_installation")
      .columns(["state", "due_at_ms"])
      .execute();
  },
};

const siblings: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable("breezeway_session")
      .addColumn("siblings", "text", (column) => column.notNull().defaultTo("[]"))
      .execute();
  },
};

interface FirstCleanUp {
  readonly breezeway_clean_up: Omit<CleanUpTable, "rotations_seen" | "rotations_purged">;
}

/**
 * Indexes for the clean-up. `review_at_ms` has a default, so that a process of the version before can
 * still insert sessions: the clean-up reviews them at its next run.
 */
const cleanUp: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable("breezeway_session")
      .addColumn("review_at_ms", "bigint", (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema
      .createIndex("breezeway_session_review")
      .on("breezeway_session")
      .column("review_at_ms")
      .execute();
    await db.schema
      .createIndex("breezeway_change_age")
      .on("breezeway_change")
      .column("at_seconds")
      .execute();
    await db.schema
      .createIndex("breezeway_change_key")
      .on("breezeway_change")
      .column("at_seconds")
      .where(sql<boolean>`kind = 'key'`)
      .execute();
    await db.schema
      .createIndex("breezeway_login_attempt_end")
      .on("breezeway_login_attempt")
      .column("expires_at_ms")
      .execute();

    await db.schema
      .createTable("breezeway_clean_up")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("leased_until_ms", "bigint", (column) => column.notNull())
      .addColumn("checked_at_ms", "bigint", (column) => column.notNull())
      .addColumn("even_since_ms", "bigint", (column) => column.notNull())
      .execute();
    await (db as Kysely<FirstCleanUp>)
      .insertInto("breezeway_clean_up")
      .values({ id: 1, leased_until_ms: 0, checked_at_ms: 0, even_since_ms: 0 })
      .execute();
  },
};

/**
 * Indexes of the sessions that are not revoked, in the order in which many are revoked. They replace two
 * that a process of the version before does not need beside them.
 */
const revocations: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const indexes = { user: ["user_id", "tenant_id", "handle"], tenant: ["tenant_id", "handle"] };
    for (const [name, columns] of Object.entries(indexes)) {
      await db.schema
        .createIndex(`breezeway_session_live_${name}`)
        .on("breezeway_session")
        .columns(columns)
        .where(sql<boolean>`revoked_at_ms is null`)
        .execute();
      await db.schema.dropIndex(`breezeway_session_${name}`).execute();
    }
    await db.schema
      .createTable("breezeway_revocation")
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("subject", "text", (column) => column.notNull())
      .addColumn("tenant_id", "text", (column) => column.notNull())
      .addColumn("ended", "integer", (column) => column.notNull())
      .addColumn("active_at_ms", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("breezeway_revocation_subject", ["kind", "subject", "tenant_id"])
      .execute();
  },
};

/** A function of its own is needed in Postgres only. */
const ROTATION_TRIGGER = {
  sqlite: [
    sql`create trigger breezeway_session_rotation after update of secret_hash on breezeway_session
        when old.secret_hash <> new.secret_hash or old.siblings <> new.siblings
        begin insert into breezeway_rotation (handle) values (new.handle); end`,
  ],
  postgres: [
    sql`create function breezeway_note_rotation() returns trigger language plpgsql as $$
        begin insert into breezeway_rotation (handle) values (new.handle); return null; end $$`,
    sql`create trigger breezeway_session_rotation after update of secret_hash on breezeway_session
        for each row
        when (old.secret_hash <> new.secret_hash or old.siblings <> new.siblings)
        execute function breezeway_note_rotation()`,
  ],
};

/**
 * Numbers rotations, so that issuers may keep sessions in memory for longer than the grace. By a trigger,
 * since a process of the version before rotates, too.
 */
const rotations = (kind: StoreKind): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("breezeway_rotation")
      .addColumn("id", kind === "sqlite" ? "integer" : "bigserial", (column) =>
        kind === "sqlite" ? column.primaryKey().autoIncrement() : column.primaryKey(),
      )
      .addColumn("handle", "text", (column) => column.notNull())
      .execute();
    for (const column of ["rotations_seen", "rotations_purged"]) {
      await db.schema
        .alterTable("breezeway_clean_up")
        .addColumn(column, "bigint", (definition) => definition.notNull().defaultTo(0))
        .execute();
    }
    for (const statement of ROTATION_TRIGGER[kind]) await statement.execute(db);
  },
});

/** Null for keys that a process of the version before adds: the next maintenance records which one signs. */
const keysInUse: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable("breezeway_signing_key")
      .addColumn("activated_at_ms", "bigint")
      .execute();
  },
};

/** Apps that change at run time, and what tenants grant to them. */
const apps: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("breezeway_app")
      .addColumn("app_id", "text", (column) => column.primaryKey())
      .addColumn("manifest", "text")
      .addColumn("revision", "integer", (column) => column.notNull())
      .addColumn("suspensions", "text", (column) => column.notNull())
      .addColumn("changes", "integer", (column) => column.notNull())
      .addColumn("changed_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("breezeway_app_change")
      .addColumn("app_id", "text", (column) => column.notNull())
      .addColumn("number", "integer", (column) => column.notNull())
      .addColumn("action", "text", (column) => column.notNull())
      .addColumn("revision", "integer", (column) => column.notNull())
      .addColumn("tenant_id", "text")
      .addColumn("reason", "text")
      .addColumn("manifest", "text")
      .addColumn("diff", "text", (column) => column.notNull())
      .addColumn("actor", "text")
      .addColumn("at_ms", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("breezeway_app_change_number", ["app_id", "number"])
      .execute();
    await db.schema
      .createTable("breezeway_grant")
      .addColumn("tenant_id", "text", (column) => column.notNull())
      .addColumn("app_id", "text", (column) => column.notNull())
      .addColumn("scopes", "text", (column) => column.notNull())
      .addColumn("app_revision", "integer", (column) => column.notNull())
      .addColumn("actor", "text")
      .addColumn("changes", "integer", (column) => column.notNull())
      .addColumn("changed_at_ms", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("breezeway_grant_place", ["tenant_id", "app_id"])
      .execute();
    await db.schema
      .createTable("breezeway_grant_change")
      .addColumn("tenant_id", "text", (column) => column.notNull())
      .addColumn("app_id", "text", (column) => column.notNull())
      .addColumn("number", "integer", (column) => column.notNull())
      .addColumn("scopes", "text", (column) => column.notNull())
      .addColumn("app_revision", "integer", (column) => column.notNull())
      .addColumn("actor", "text")
      .addColumn("at_ms", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("breezeway_grant_change_number", ["tenant_id", "app_id", "number"])
      .execute();
  },
};

/** What users wish for who may not decide. */
const wishes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("breezeway_grant_wish")
      .addColumn("tenant_id", "text", (column) => column.notNull())
      .addColumn("app_id", "text", (column) => column.notNull())
      .addColumn("user_id", "text", (column) => column.notNull())
      .addColumn("scopes", "text", (column) => column.notNull())
      .addColumn("wished_at_ms", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("breezeway_grant_wish_place", ["tenant_id", "app_id", "user_id"])
      .execute();
    await db.schema
      .createIndex("breezeway_grant_wish_newest")
      .on("breezeway_grant_wish")
      .columns(["tenant_id", "wished_at_ms"])
      .execute();
  },
};

/**
 * The device of a session, null where a process of the version before creates it; and what the export and the
 * erasure of a user need: indexes that find a user, and the calls to apps' backends.
 */
const devices: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const column of ["device", "network"]) {
      await db.schema.alterTable("breezeway_session").addColumn(column, "text").execute();
    }
    await db.schema
      .createIndex("breezeway_session_ended_user")
      .on("breezeway_session")
      .columns(["user_id", "handle"])
      .where(sql<boolean>`revoked_at_ms is not null`)
      .execute();
    for (const table of ["breezeway_app_change", "breezeway_grant", "breezeway_grant_change"]) {
      await db.schema
        .createIndex(`${table}_actor`)
        .on(table)
        .column("actor")
        .where(sql<boolean>`actor is not null`)
        .execute();
    }
    await db.schema
      .createIndex("breezeway_grant_wish_user")
      .on("breezeway_grant_wish")
      .column("user_id")
      .execute();
    await db.schema
      .createTable("breezeway_erasure_call")
      .addColumn("user_id", "text", (column) => column.notNull())
      .addColumn("app_id", "text", (column) => column.notNull())
      .addColumn("tenant_id", "text", (column) => column.notNull())
      .addColumn("installation_id", "text", (column) => column.notNull())
      .addColumn("attempts", "integer", (column) => column.notNull())
      .addColumn("due_at_ms", "bigint", (column) => column.notNull())
      .addColumn("lease_id", "text")
      .addPrimaryKeyConstraint("breezeway_erasure_call_place", ["user_id", "app_id", "tenant_id"])
      .execute();
    await db.schema
      .createIndex("breezeway_erasure_call_due")
      .on("breezeway_erasure_call")
      .column("due_at_ms")
      .execute();
  },
};

/** Which tenants are on which channel of an app. A process of the version before leaves them as they are. */
const channels: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable("breezeway_app")
      .addColumn("channels", "text", (column) => column.notNull().defaultTo("{}"))
      .execute();
    await db.schema.alterTable("breezeway_app_change").addColumn("channel", "text").execute();
    await db.schema.alterTable("breezeway_app_change").addColumn("percent", "integer").execute();
  },
};

export const migrationsOf = (kind: StoreKind): MigrationProvider => ({
  // The migrations run in the order of their names.
  getMigrations: () =>
    Promise.resolve({
      "0001_initial": initial,
      "0002_installations": installations,
      "0003_siblings": siblings,
      "0004_clean_up": cleanUp,
      "0005_revocations": revocations,
      "0006_rotations": rotations(kind),
      "0007_keys_in_use": keysInUse,
      "0008_apps": apps,
      "0009_wishes": wishes,
      "0010_devices": devices,
      "0011_channels": channels,
    }),
});
