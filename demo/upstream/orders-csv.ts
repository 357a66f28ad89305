/** Orders as a CSV file (RFC 4180). */
import type { OrderSummary } from "../domain/orders.ts";

const COLUMNS: readonly (readonly [name: string, valueOf: (order: OrderSummary) => unknown])[] = [
  ["Order", ({ id }) => id],
  ["Customer", ({ customer }) => customer.name],
  ["Placed", ({ placedAt }) => placedAt],
  ["Items", ({ itemCount }) => itemCount],
  ["Status", ({ status }) => status],
  ["Total", ({ totalMinor }) => totalMinor / 100],
  ["Currency", ({ currency }) => currency],
];

export function toCsv(orders: readonly OrderSummary[]): string {
  const rows = orders.map((order) => COLUMNS.map(([, valueOf]) => field(valueOf(order))));
  return [COLUMNS.map(([name]) => field(name)), ...rows]
    .map((row) => `${row.join(",")}\r\n`)
    .join("");
}

/** A spreadsheet runs a text as a formula that begins with one of these characters. */
const FORMULA = /^[=+\-@\t\r]/;

function field(value: unknown): string {
  if (typeof value === "number") return String(value);
  const text = String(value);
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}
