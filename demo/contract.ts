/** What the demo's shell offers to its guests. Shell and guests are typed and checked by this one value. */
import { defineContract } from "@breezeway/shared";
import * as z from "zod/mini";

const customerId = z.string().check(z.minLength(1), z.maxLength(40));

export const orderAnnouncementSchema = z.object({
  orderId: z.string().check(z.maxLength(40)),
  customerId,
  status: z.string().check(z.maxLength(20)),
});

export const contract = defineContract({
  methods: {
    /** The customer that is selected in the shell. */
    getCurrentCustomerId: { returns: z.nullable(customerId), capability: "customers:read" },
    /** Shows a customer in the shell. */
    openCustomer: { args: z.tuple([customerId]), capability: "customers:open" },
  },
  events: {
    "customer:changed": {
      payload: z.object({ customerId: z.nullable(customerId) }),
      capability: "customers:read",
      retained: true,
    },
    /** Guest → shell: something was done to an order. */
    "order:announced": { payload: orderAnnouncementSchema, capability: "orders:announce" },
    /** Shell → guests: the same, passed on. */
    "order:changed": { payload: orderAnnouncementSchema, capability: "orders:follow" },
  },
});

export type PlatformContract = typeof contract;
