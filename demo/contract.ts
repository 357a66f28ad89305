/** The contract between the demo's shell and its guests. Both sides use it for types and validation. */
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
    /** From guest to shell: the guest created or changed an order. */
    "order:announced": { payload: orderAnnouncementSchema, capability: "orders:announce" },
    /** From shell to guests: an order was created or changed. */
    "order:changed": { payload: orderAnnouncementSchema, capability: "orders:follow" },
  },
});

export type PlatformContract = typeof contract;
