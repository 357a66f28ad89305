/**
 * The demo's business data in one SQLite file, where every row belongs to a tenant. The tenant is part
 * of each primary key and each foreign key, so a row of one tenant cannot refer to a row of another.
 */
import { DatabaseSync } from "node:sqlite";
import { seedTenant, TENANT_SEEDS } from "./seed.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS tenants (
    id TEXT PRIMARY KEY,
    currency TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS customers (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    id TEXT NOT NULL,
    name TEXT NOT NULL, contact TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL,
    city TEXT NOT NULL, country TEXT NOT NULL, segment TEXT NOT NULL, since TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS products (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    id TEXT NOT NULL,
    sku TEXT NOT NULL, name TEXT NOT NULL, unit_minor INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS orders (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('new','confirmed','shipped','delivered','cancelled')),
    note TEXT NOT NULL,
    created_by TEXT NOT NULL,
    placed_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS order_lines (
    tenant_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    product_id TEXT NOT NULL,
    sku TEXT NOT NULL, name TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_minor INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, order_id, position),
    FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id),
    FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS orders_by_time ON orders (tenant_id, placed_at DESC);
  CREATE INDEX IF NOT EXISTS orders_by_customer ON orders (tenant_id, customer_id);
`;

export interface DatabaseOptions {
  /** Path of the file, or `:memory:`. */
  readonly file: string;
  /** Epoch milliseconds. The seed's orders are older. */
  readonly now: () => number;
}

/** Opens the file, creating tables and seed data when they are missing. */
export function openDatabase({ file, now }: DatabaseOptions): DatabaseSync {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: true });
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000",
  );
  database.exec(SCHEMA);
  inTransaction(database, () => {
    const seeded = database.prepare("SELECT 1 FROM tenants WHERE id = ?");
    for (const tenant of TENANT_SEEDS) {
      if (seeded.get(tenant.id) === undefined) seedTenant(database, tenant, now());
    }
  });
  return database;
}

export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
