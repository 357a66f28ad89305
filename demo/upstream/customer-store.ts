/** Reads the customers of one tenant, with figures from their orders. */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Customer, CustomerInsights, CustomerList, CustomerRow } from "../domain/customers.ts";
import { createOrderStore } from "./order-store.ts";

const MONTHS_SHOWN = 6;
const RECENT_SHOWN = 5;

export interface CustomerStoreOptions {
  readonly database: DatabaseSync;
  readonly tenantId: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface CustomerStore {
  list(): CustomerList;
  insights(id: string): CustomerInsights | undefined;
}

const COLUMNS = "c.id, c.name, c.contact, c.email, c.phone, c.city, c.country, c.segment, c.since";

const TOTALS = `
  SELECT o.tenant_id, o.customer_id, o.id, o.status, o.placed_at,
         SUM(l.quantity * l.unit_minor) AS total_minor
    FROM orders o JOIN order_lines l ON l.tenant_id = o.tenant_id AND l.order_id = o.id
   WHERE o.tenant_id = ? AND o.status <> 'cancelled'
   GROUP BY o.tenant_id, o.id`;

export function createCustomerStore(options: CustomerStoreOptions): CustomerStore {
  const { database, tenantId, now } = options;

  function rows<Row extends object>(sql: string, ...values: SQLInputValue[]): Row[] {
    return (database.prepare(sql).all(...values) as Row[]).map((row) => ({ ...row }));
  }

  function currency(): string {
    const [tenant] = rows<{ currency: string }>(
      "SELECT currency FROM tenants WHERE id = ?",
      tenantId,
    );
    return tenant?.currency ?? "EUR";
  }

  function list(): CustomerList {
    const customers = rows<CustomerRow>(
      `SELECT ${COLUMNS}, COUNT(x.id) AS orderCount, COALESCE(SUM(x.total_minor), 0) AS lifetimeMinor
         FROM customers c
         LEFT JOIN (${TOTALS}) x ON x.tenant_id = c.tenant_id AND x.customer_id = c.id
        WHERE c.tenant_id = ? GROUP BY c.id ORDER BY c.name`,
      tenantId,
      tenantId,
    );
    return { tenantId, currency: currency(), customers };
  }

  function insights(id: string): CustomerInsights | undefined {
    const [customer] = rows<Customer>(
      `SELECT ${COLUMNS} FROM customers c WHERE c.tenant_id = ? AND c.id = ?`,
      tenantId,
      id,
    );
    if (customer === undefined) return undefined;
    const orders = rows<{ status: string; placed_at: string; total_minor: number }>(
      `SELECT * FROM (${TOTALS}) WHERE customer_id = ?`,
      tenantId,
      id,
    );
    const lifetimeMinor = orders.reduce((sum, order) => sum + order.total_minor, 0);
    const totals = Map.groupBy(orders, (order) => order.placed_at.slice(0, 7));
    return {
      customer,
      currency: currency(),
      lifetimeMinor,
      orderCount: orders.length,
      openCount: orders.filter((order) => order.status !== "delivered").length,
      averageMinor: orders.length === 0 ? 0 : Math.round(lifetimeMinor / orders.length),
      months: lastMonths(now(), MONTHS_SHOWN).map((month) => ({
        month,
        totalMinor: (totals.get(month) ?? []).reduce((sum, order) => sum + order.total_minor, 0),
      })),
      recent: createOrderStore(options).list({ customerId: id, limit: RECENT_SHOWN, offset: 0 })
        .orders,
    };
  }

  return { list, insights };
}

/** The latest `count` months as `YYYY-MM`, oldest first. */
function lastMonths(nowMs: number, count: number): string[] {
  const today = new Date(nowMs);
  return Array.from({ length: count }, (_, index) =>
    new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - (count - 1 - index), 1))
      .toISOString()
      .slice(0, 7),
  );
}
