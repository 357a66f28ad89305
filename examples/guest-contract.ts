/** What the examples' host offers. In real life the host publishes this as a package. */
import { defineContract } from "@breezeway/guest";
import * as z from "zod/mini";

const customer = z.object({ id: z.string(), name: z.string() });

export const contract = defineContract({
  methods: { getCustomer: { args: z.tuple([]), returns: customer } },
  events: {
    "customer:changed": { payload: customer, retained: true },
    "note:saved": z.object({ customerId: z.string(), text: z.string() }),
  },
});

export type Customer = z.infer<typeof customer>;
