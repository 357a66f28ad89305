import { html, type TemplateResult } from "lit";
import type { OrderStatus } from "../domain/orders.ts";

export const STATUS_LABELS: Readonly<Record<OrderStatus, string>> = {
  new: "New",
  confirmed: "Confirmed",
  shipped: "Shipped",
  delivered: "Delivered",
  cancelled: "Cancelled",
};

const COLOURS: Readonly<Record<OrderStatus, string>> = {
  new: "blue",
  confirmed: "violet",
  shipped: "amber",
  delivered: "green",
  cancelled: "",
};

export function statusBadge(status: OrderStatus): TemplateResult {
  return html`<span class="badge ${COLOURS[status]}">${STATUS_LABELS[status]}</span>`;
}
