/** Reads and writes the orders of one tenant. The store is bound to its tenant when it is created. */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import {
  nextStatuses,
  type NewOrder,
  type Order,
  type OrderLine,
  type OrderList,
  type OrderStatus,
  type OrderSummary,
  type ProductList,
} from "../domain/orders.ts";
import { inTransaction } from "./database.ts";

export interface OrderQuery {
  readonly status?: OrderStatus | undefined;
  readonly customerId?: string | undefined;
  /** Part of the order number or of the customer's name. */
  readonly search?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

export interface OrderStoreOptions {
  readonly database: DatabaseSync;
  readonly tenantId: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The changed order, or why the change was refused. The service maps `why` to an HTTP status. */
export type ChangeResult =
  | { readonly ok: true; readonly order: Order }
  | { readonly ok: false; readonly why: "order-unknown" }
  | { readonly ok: false; readonly why: "status-refused"; readonly from: OrderStatus };

export type CreateResult =
  | { readonly ok: true; readonly order: Order }
  | { readonly ok: false; readonly why: "customer-unknown" | "product-unknown" };

export interface OrderStore {
  list(query: OrderQuery): OrderList;
  get(id: string): Order | undefined;
  create(order: NewOrder, createdBy: string): CreateResult;
  changeStatus(id: string, status: OrderStatus): ChangeResult;
  products(): ProductList;
}

const SUMMARY_COLUMNS = `
  o.id, o.status, o.placed_at, o.updated_at, o.created_by, o.note,
  c.id AS customer_id, c.name AS customer_name, t.currency,
  (SELECT COALESCE(SUM(quantity * unit_minor), 0) FROM order_lines l
     WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id) AS total_minor,
  (SELECT COALESCE(SUM(quantity), 0) FROM order_lines l
     WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id) AS item_count`;

const FROM = `
  FROM orders o
  JOIN tenants t ON t.id = o.tenant_id
  JOIN customers c ON c.tenant_id = o.tenant_id AND c.id = o.customer_id`;

interface OrderRow {
  id: string;
  status: OrderStatus;
  placed_at: string;
  updated_at: string;
  created_by: string;
  note: string;
  customer_id: string;
  customer_name: string;
  currency: string;
  total_minor: number;
  item_count: number;
}

export function createOrderStore(options: OrderStoreOptions): OrderStore {
  return {
    list: (query) => listOrders(options, query),
    get: (id) => readOrder(options, id),
    create: (order, createdBy) =>
      inTransaction(options.database, () => createOrder(options, order, createdBy)),
    changeStatus: (id, status) =>
      inTransaction(options.database, () => changeStatus(options, id, status)),
    products: () => listProducts(options),
  };
}

function listOrders({ database, tenantId }: OrderStoreOptions, query: OrderQuery): OrderList {
  const { unfiltered, filtered } = conditionsOf(tenantId, query);
  const counted = rows<{ status: OrderStatus; count: number }>(
    database,
    `SELECT o.status, COUNT(*) AS count ${FROM} ${unfiltered.sql} GROUP BY o.status`,
    ...unfiltered.values,
  );
  const counts = { new: 0, confirmed: 0, shipped: 0, delivered: 0, cancelled: 0 };
  for (const { status, count } of counted) counts[status] = count;
  const page = rows<OrderRow>(
    database,
    `SELECT ${SUMMARY_COLUMNS} ${FROM} ${filtered.sql} ORDER BY o.placed_at DESC, o.id DESC LIMIT ? OFFSET ?`,
    ...filtered.values,
    query.limit,
    query.offset,
  );
  const total =
    query.status === undefined
      ? Object.values(counts).reduce((sum, count) => sum + count, 0)
      : counts[query.status];
  return { tenantId, orders: page.map(summaryOf), total, counts };
}

function readOrder({ database, tenantId }: OrderStoreOptions, id: string): Order | undefined {
  const [row] = rows<OrderRow>(
    database,
    `SELECT ${SUMMARY_COLUMNS} ${FROM} WHERE o.tenant_id = ? AND o.id = ?`,
    tenantId,
    id,
  );
  if (row === undefined) return undefined;
  const lines = rows<OrderLine>(
    database,
    `SELECT product_id AS productId, sku, name, quantity, unit_minor AS unitMinor
       FROM order_lines WHERE tenant_id = ? AND order_id = ? ORDER BY position`,
    tenantId,
    id,
  );
  const { updated_at: updatedAt, created_by: createdBy, note } = row;
  return {
    ...summaryOf(row),
    updatedAt,
    createdBy,
    note,
    lines: lines.map((line) => ({ ...line })),
  };
}

function createOrder(options: OrderStoreOptions, order: NewOrder, createdBy: string): CreateResult {
  const { database, tenantId, now } = options;
  const customer = database
    .prepare("SELECT 1 FROM customers WHERE tenant_id = ? AND id = ?")
    .get(tenantId, order.customerId);
  if (customer === undefined) return { ok: false, why: "customer-unknown" };
  const known = new Set(listProducts(options).products.map((product) => product.id));
  if (order.lines.some((line) => !known.has(line.productId))) {
    return { ok: false, why: "product-unknown" };
  }
  const id = nextId(options);
  const at = new Date(now()).toISOString();
  database
    .prepare(
      "INSERT INTO orders (tenant_id, id, customer_id, status, note, created_by, placed_at, updated_at) VALUES (?, ?, ?, 'new', ?, ?, ?, ?)",
    )
    .run(tenantId, id, order.customerId, order.note, createdBy, at, at);
  const insert = database.prepare(
    `INSERT INTO order_lines (tenant_id, order_id, position, product_id, sku, name, quantity, unit_minor)
     SELECT tenant_id, ?, ?, id, sku, name, ?, unit_minor FROM products WHERE tenant_id = ? AND id = ?`,
  );
  order.lines.forEach((line, position) => {
    insert.run(id, position, line.quantity, tenantId, line.productId);
  });
  const created = readOrder(options, id);
  if (created === undefined) throw new Error("orders: the new order cannot be read.");
  return { ok: true, order: created };
}

function nextId({ database, tenantId }: OrderStoreOptions): string {
  const [last] = rows<{ id: number | null }>(
    database,
    "SELECT MAX(CAST(id AS INTEGER)) AS id FROM orders WHERE tenant_id = ?",
    tenantId,
  );
  return String((last?.id ?? 1000) + 1);
}

function changeStatus(options: OrderStoreOptions, id: string, status: OrderStatus): ChangeResult {
  const { database, tenantId, now } = options;
  const current = readOrder(options, id);
  if (current === undefined) return { ok: false, why: "order-unknown" };
  if (!nextStatuses(current.status).includes(status)) {
    return { ok: false, why: "status-refused", from: current.status };
  }
  const updatedAt = new Date(now()).toISOString();
  database
    .prepare("UPDATE orders SET status = ?, updated_at = ? WHERE tenant_id = ? AND id = ?")
    .run(status, updatedAt, tenantId, id);
  return { ok: true, order: { ...current, status, updatedAt } };
}

function listProducts({ database, tenantId }: OrderStoreOptions): ProductList {
  const [tenant] = rows<{ currency: string }>(
    database,
    "SELECT currency FROM tenants WHERE id = ?",
    tenantId,
  );
  const found = rows<ProductList["products"][number]>(
    database,
    "SELECT id, sku, name, unit_minor AS unitMinor FROM products WHERE tenant_id = ? ORDER BY name",
    tenantId,
  );
  return {
    currency: tenant?.currency ?? "EUR",
    products: found.map((product) => ({ ...product })),
  };
}

function rows<Row>(database: DatabaseSync, sql: string, ...values: SQLInputValue[]): Row[] {
  return database.prepare(sql).all(...values) as Row[];
}

/** The WHERE clauses of a query: `filtered` includes the status, `unfiltered` does not. */
function conditionsOf(
  tenantId: string,
  { customerId, search, status }: OrderQuery,
): Readonly<Record<"unfiltered" | "filtered", Condition>> {
  const filters: Condition[] = [{ sql: "o.tenant_id = ?", values: [tenantId] }];
  if (customerId !== undefined) filters.push({ sql: "o.customer_id = ?", values: [customerId] });
  if (search !== undefined) {
    const pattern = `%${search.replace(/[\\%_]/g, "\\$&")}%`;
    filters.push({
      sql: "(o.id LIKE ? ESCAPE '\\' OR c.name LIKE ? ESCAPE '\\')",
      values: [pattern, pattern],
    });
  }
  const unfiltered = where(filters);
  if (status === undefined) return { unfiltered, filtered: unfiltered };
  return { unfiltered, filtered: where([...filters, { sql: "o.status = ?", values: [status] }]) };
}

interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

function where(filters: readonly Condition[]): Condition {
  return {
    sql: `WHERE ${filters.map((filter) => filter.sql).join(" AND ")}`,
    values: filters.flatMap((filter) => filter.values),
  };
}

function summaryOf(row: OrderRow): OrderSummary {
  return {
    id: row.id,
    customer: { id: row.customer_id, name: row.customer_name },
    status: row.status,
    currency: row.currency,
    totalMinor: row.total_minor,
    itemCount: row.item_count,
    placedAt: row.placed_at,
  };
}
