/** What a contract must and must not allow in a host; `tsc` is the test. */
import { defineContract } from "@breezeway/shared";
import { expectTypeOf, test } from "vitest";
import * as z from "zod/mini";
import { createHost, type Host } from "./index.ts";

const contract = defineContract({
  methods: {
    getCurrentCustomerId: { returns: z.nullable(z.string()) },
    openCustomer: { args: z.tuple([z.string()]) },
  },
  events: { "customer:changed": z.object({ id: z.string() }) },
  guestMethods: { rename: { args: z.tuple([z.string()]), returns: z.boolean() } },
});

const options = { issuerUrl: "/auth", apps: [], contract };
declare const host: Host<typeof contract>;

test("methods are typed by the contract", () => {
  void (() =>
    createHost({
      ...options,
      methods: {
        getCurrentCustomerId: async () => null,
        openCustomer(id) {
          expectTypeOf(id).toEqualTypeOf<string>();
          expectTypeOf(this.app.id).toEqualTypeOf<string>();
          expectTypeOf(this.signal).toEqualTypeOf<AbortSignal>();
        },
      },
    }));
  // @ts-expect-error the wrong result
  void (() => createHost({ ...options, methods: { getCurrentCustomerId: () => 1 } }));
  // @ts-expect-error not in the contract
  void (() => createHost({ ...options, methods: { deleteCustomer: () => undefined } }));
  // @ts-expect-error a wrong argument
  void (() => createHost({ ...options, methods: { openCustomer: (id: number) => id } }));
});

test("calls to guests and events are typed by the contract", () => {
  const mount = host.mount("orders", { container: document.body });
  expectTypeOf(mount.call("rename", "new")).resolves.toEqualTypeOf<boolean>();
  // @ts-expect-error a wrong argument
  void mount.call("rename", 1);
  // @ts-expect-error the host's own method
  void mount.call("openCustomer", "c1");
  host.event.publish("customer:changed", { id: "c1" }, { to: "orders" });
  host.event.subscribe("customer:changed", ({ id }, { app }) => {
    expectTypeOf([id, app.id]).toEqualTypeOf<string[]>();
  });
  // @ts-expect-error a wrong payload
  host.event.publish("customer:changed", { id: 1 });
});
