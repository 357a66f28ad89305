/** Schemas of customers, shared by the demo's service, its shell and its guests. */
import * as z from "zod/mini";
import { orderSummarySchema } from "./orders.ts";

export const customerSchema = z.object({
  id: z.string(),
  name: z.string(),
  contact: z.string(),
  email: z.string(),
  phone: z.string(),
  city: z.string(),
  country: z.string(),
  segment: z.string(),
  /** ISO 8601 date. */
  since: z.string(),
});
export type Customer = z.infer<typeof customerSchema>;

export const customerRowSchema = z.extend(customerSchema, {
  orderCount: z.int(),
  /** Sum of all orders except cancelled ones. */
  lifetimeMinor: z.int(),
});
export type CustomerRow = z.infer<typeof customerRowSchema>;

export const customerListSchema = z.object({
  tenantId: z.string(),
  currency: z.string(),
  customers: z.array(customerRowSchema),
});
export type CustomerList = z.infer<typeof customerListSchema>;

export const customerInsightsSchema = z.object({
  customer: customerSchema,
  currency: z.string(),
  lifetimeMinor: z.int(),
  orderCount: z.int(),
  openCount: z.int(),
  averageMinor: z.int(),
  /** Oldest month first. Months without orders are included. */
  months: z.array(z.object({ month: z.string(), totalMinor: z.int() })),
  recent: z.array(orderSummarySchema),
});
export type CustomerInsights = z.infer<typeof customerInsightsSchema>;
