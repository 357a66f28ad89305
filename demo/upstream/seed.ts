/** Fills a tenant with about a year of orders, the same in every new database. */
import type { DatabaseSync } from "node:sqlite";
import type { OrderStatus } from "../domain/orders.ts";
import type { TenantSeed } from "./seed-data.ts";

export { TENANT_SEEDS } from "./seed-data.ts";

const DAY_MS = 86_400_000;
/** Orders older than this are delivered or cancelled. */
const IN_FLIGHT_DAYS = 14;
const HISTORY_DAYS = 330;
const FIRST_ORDER_NUMBER = 1001;
const DIALLING_CODES: Readonly<Record<string, string>> = {
  Austria: "+43",
  Czechia: "+420",
  France: "+33",
  Germany: "+49",
  Italy: "+39",
  Netherlands: "+31",
  Spain: "+34",
  Sweden: "+46",
  "United States": "+1",
};
const NOTES = [
  "",
  "",
  "",
  "Deliver to the back entrance, please.",
  "Call before delivery.",
  "One pallet if possible.",
  "Gift wrap the small items.",
];

export function seedTenant(database: DatabaseSync, tenant: TenantSeed, nowMs: number): void {
  database
    .prepare("INSERT INTO tenants (id, currency) VALUES (?, ?)")
    .run(tenant.id, tenant.currency);
  seedCustomers(database, tenant);
  seedProducts(database, tenant);
  seedOrders(database, tenant, nowMs);
}

// Both tenants use the same ids on purpose. A query that forgot the tenant would return a wrong row
// instead of none, and a test would notice.
function customerId(index: number): string {
  return `c-${101 + index}`;
}

function productId(index: number): string {
  return `p-${11 + index}`;
}

function seedCustomers(database: DatabaseSync, tenant: TenantSeed): void {
  const insert = database.prepare(
    "INSERT INTO customers (tenant_id, id, name, contact, email, phone, city, country, segment, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  tenant.customers.forEach(([name, contact, city, country, segment, since], index) => {
    const domain = `${asciiWords(name).join("-")}.example`;
    const email = `${asciiWords(contact).join(".")}@${domain}`;
    const phone = `${DIALLING_CODES[country] ?? "+1"} 555 01${21 + index}`;
    insert.run(
      tenant.id,
      customerId(index),
      name,
      contact,
      email,
      phone,
      city,
      country,
      segment,
      since,
    );
  });
}

function seedProducts(database: DatabaseSync, tenant: TenantSeed): void {
  const insert = database.prepare(
    "INSERT INTO products (tenant_id, id, sku, name, unit_minor) VALUES (?, ?, ?, ?, ?)",
  );
  tenant.products.forEach(([sku, name, unitMinor], index) => {
    insert.run(tenant.id, productId(index), sku, name, unitMinor);
  });
}

function seedOrders(database: DatabaseSync, tenant: TenantSeed, nowMs: number): void {
  const random = generator(tenant.random);
  const pick = (length: number): number => Math.floor(random() * length);
  const order = database.prepare(
    "INSERT INTO orders (tenant_id, id, customer_id, status, note, created_by, placed_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const line = database.prepare(
    "INSERT INTO order_lines (tenant_id, order_id, position, product_id, sku, name, quantity, unit_minor) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  for (let index = 0; index < tenant.orderCount; index += 1) {
    const id = String(FIRST_ORDER_NUMBER + index);
    // The exponent puts more orders near today, as in a growing business.
    const ageDays = HISTORY_DAYS * (1 - (index + random()) / tenant.orderCount) ** 1.8;
    const placedMs = nowMs - ageDays * DAY_MS;
    const customer = customerId(Math.floor(random() ** 1.4 * tenant.customers.length));
    const status = statusAt(ageDays, random());
    const updatedMs = Math.min(nowMs - 60_000, placedMs + random() * 4 * DAY_MS);
    const note = NOTES[pick(NOTES.length)] ?? "";
    order.run(tenant.id, id, customer, status, note, "import", iso(placedMs), iso(updatedMs));
    const chosen = new Set(Array.from({ length: 1 + pick(4) }, () => pick(tenant.products.length)));
    [...chosen].forEach((product, position) => {
      const [sku, name, unitMinor] = tenant.products[product] ?? ["", "", 0];
      line.run(tenant.id, id, position, productId(product), sku, name, 1 + pick(8), unitMinor);
    });
  }
}

function statusAt(ageDays: number, chance: number): OrderStatus {
  if (chance < 0.06) return "cancelled";
  if (ageDays > IN_FLIGHT_DAYS) return "delivered";
  if (ageDays > IN_FLIGHT_DAYS / 2) return chance < 0.5 ? "delivered" : "shipped";
  if (ageDays > IN_FLIGHT_DAYS / 6) return chance < 0.6 ? "confirmed" : "shipped";
  return chance < 0.3 ? "confirmed" : "new";
}

function asciiWords(text: string): string[] {
  return text
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^a-z\s-]/g, "")
    .split(/[\s-]+/)
    .filter((word) => word !== "");
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** mulberry32, a small seedable generator. It is not for secrets. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
