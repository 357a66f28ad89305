/**
 * Schemas of orders, which the demo's service and its guests both parse. Amounts are in minor units
 * (cents) of the currency beside them. Times are ISO 8601 in UTC.
 */
import * as z from "zod/mini";

export const ORDER_STATUSES = ["new", "confirmed", "shipped", "delivered", "cancelled"] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

const NEXT_STATUSES: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  new: ["confirmed", "cancelled"],
  confirmed: ["shipped", "cancelled"],
  shipped: ["delivered"],
  delivered: [],
  cancelled: [],
};

/** The statuses that may follow this one. The service enforces them, and the guest offers only these. */
export function nextStatuses(status: OrderStatus): readonly OrderStatus[] {
  return NEXT_STATUSES[status];
}

const status = z.enum(ORDER_STATUSES);
const minor = z.int();

export const orderSummarySchema = z.object({
  id: z.string(),
  customer: z.object({ id: z.string(), name: z.string() }),
  status,
  currency: z.string(),
  totalMinor: minor,
  itemCount: z.int(),
  placedAt: z.string(),
});
export type OrderSummary = z.infer<typeof orderSummarySchema>;

export const orderLineSchema = z.object({
  productId: z.string(),
  sku: z.string(),
  name: z.string(),
  quantity: z.int(),
  unitMinor: minor,
});
export type OrderLine = z.infer<typeof orderLineSchema>;

export const orderSchema = z.extend(orderSummarySchema, {
  updatedAt: z.string(),
  createdBy: z.string(),
  note: z.string(),
  lines: z.array(orderLineSchema),
});
export type Order = z.infer<typeof orderSchema>;

export const orderListSchema = z.object({
  tenantId: z.string(),
  orders: z.array(orderSummarySchema),
  total: z.int(),
  /** Orders per status. The status filter does not apply here. */
  counts: z.record(status, z.int()),
});
export type OrderList = z.infer<typeof orderListSchema>;

export const newOrderSchema = z.strictObject({
  customerId: z.string().check(z.minLength(1), z.maxLength(40)),
  note: z._default(z.string().check(z.maxLength(500)), ""),
  lines: z
    .array(
      z.strictObject({
        productId: z.string().check(z.minLength(1), z.maxLength(40)),
        quantity: z.int().check(z.gte(1), z.lte(999)),
      }),
    )
    .check(z.minLength(1), z.maxLength(50)),
});
export type NewOrder = z.infer<typeof newOrderSchema>;

export const orderChangeSchema = z.strictObject({ status });
export type OrderChange = z.infer<typeof orderChangeSchema>;

export const productListSchema = z.object({
  currency: z.string(),
  products: z.array(
    z.object({ id: z.string(), sku: z.string(), name: z.string(), unitMinor: minor }),
  ),
});
export type ProductList = z.infer<typeof productListSchema>;
export type Product = ProductList["products"][number];
