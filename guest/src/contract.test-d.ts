/** What a contract must and must not allow at compile time; `tsc` is the test. */
import { defineContract } from "@breezeway/shared";
import * as v from "valibot";
import { expectTypeOf, test } from "vitest";
import * as z from "zod/mini";
import { callOptions, type AppBridge } from "./index.ts";
import { createUi } from "./ui.ts";

const contract = defineContract({
  methods: {
    getCurrentCustomerId: { returns: z.nullable(z.string()), capability: "customers:read" },
    openCustomer: { args: z.tuple([z.string()]) },
    search: { args: z.tuple([z.string(), z.optional(z.number())]) },
    /** Another library, with a transform. */
    total: {
      args: v.tuple([v.pipe(v.string(), v.transform(Number))]),
      returns: v.pipe(v.number(), v.transform(String)),
    },
  },
  events: {
    "customer:changed": { payload: z.object({ id: z.string() }), retained: true },
    "order:verified": v.object({ orderId: v.number() }),
  },
  guestMethods: {
    refresh: {},
    rename: { args: z.tuple([z.string()]), returns: z.boolean() },
  },
});

declare const bridge: AppBridge<typeof contract>;
declare const open: AppBridge;

test("calls are typed by the contract", () => {
  expectTypeOf(bridge.method.call("getCurrentCustomerId")).resolves.toEqualTypeOf<string | null>();
  expectTypeOf(bridge.method.call("openCustomer", "c1")).resolves.toBeUnknown();
  expectTypeOf(bridge.method.call("total", "1")).resolves.toEqualTypeOf<string>();
  void bridge.method.call("search", "text");
  void bridge.method.call("search", "text", 2);
  void bridge.method.call("search", "text", undefined, callOptions({}));
  void bridge.method.call("openCustomer", "c1", callOptions({ timeoutMs: 10 }));
  void bridge.method.call("getCurrentCustomerId", callOptions({}));
  // @ts-expect-error not in the contract
  void bridge.method.call("getCustomer");
  // @ts-expect-error an argument is missing
  void bridge.method.call("openCustomer");
  // @ts-expect-error a wrong argument
  void bridge.method.call("openCustomer", 1);
  // @ts-expect-error one argument too many
  void bridge.method.call("openCustomer", "c1", "c2");
  // @ts-expect-error takes no arguments
  void bridge.method.call("getCurrentCustomerId", "c1");
  // @ts-expect-error the input of the schema, not its output
  void bridge.method.call("total", 1);
  // @ts-expect-error the guest's own method
  void bridge.method.call("refresh");
});

test("built-in methods exist with any contract", () => {
  expectTypeOf(bridge.method.call("getSessionToken")).resolves.toEqualTypeOf<string>();
  expectTypeOf(open.method.call("getAppToken")).resolves.toEqualTypeOf<string>();
  void bridge.method.call("setupCompleted", { done: true });
});

test("methods of the host's UI exist with any contract, and are typed", () => {
  const patient = callOptions({ timeoutMs: Infinity });
  expectTypeOf(bridge.method.call("confirm", { title: "Sure?" }, patient)).resolves.toBeBoolean();
  expectTypeOf(open.method.call("openModal", "edit", { data: 7 })).resolves.toBeUnknown();
  void bridge.method.call("navigate", "/customers", { replace: true });
  void bridge.method.call("navigate", { app: "stock", path: "/" });
  void bridge.method.call("showToast", "Saved", { tone: "success" });
  void bridge.method.call("resize", { heightPx: 100 });
  const ui = createUi(bridge);
  expectTypeOf(createUi(open)).toEqualTypeOf(ui);
  expectTypeOf(ui.confirm("Sure?")).resolves.toBeBoolean();
  void ui.openModal("edit", { data: 7, signal: AbortSignal.timeout(1) });
  // @ts-expect-error another tone
  void bridge.method.call("showToast", "Saved", { tone: "loud" });
  // @ts-expect-error a text is needed
  void ui.showToast();
  // @ts-expect-error a question without a title
  void ui.confirm({ text: "Sure?" });
  // @ts-expect-error no such side
  void bridge.method.call("resize", { depthPx: 1 });
  // @ts-expect-error an address is not a target
  void ui.navigate({ url: "/x" });
});

test("handlers are typed by the contract", () => {
  bridge.method.expose("refresh", () => undefined);
  bridge.method.expose("rename", (name) => {
    expectTypeOf(name).toEqualTypeOf<string>();
    return true;
  });
  bridge.method.expose("rename", async function (name) {
    expectTypeOf(this.signal).toEqualTypeOf<AbortSignal>();
    return name.length > 0;
  });
  // @ts-expect-error the wrong result
  bridge.method.expose("rename", () => "yes");
  // @ts-expect-error takes no arguments
  bridge.method.expose("refresh", (force: boolean) => force);
  // @ts-expect-error the host's method
  bridge.method.expose("openCustomer", () => undefined);
});

test("events are typed by the contract", () => {
  bridge.event.subscribe("customer:changed", (payload) => {
    expectTypeOf(payload).toEqualTypeOf<{ id: string }>();
  });
  bridge.event.publish("order:verified", { orderId: 7 });
  // @ts-expect-error not in the contract
  bridge.event.publish("order:deleted", {});
  // @ts-expect-error a wrong payload
  bridge.event.publish("order:verified", { orderId: "7" });
});

test("without a contract any name is allowed, and all types are unknown", () => {
  expectTypeOf(open.method.call("anything", 1, "two")).resolves.toBeUnknown();
  open.event.subscribe("any:topic", (payload) => expectTypeOf(payload).toBeUnknown());
  open.method.expose("anything", (value) => expectTypeOf(value).toBeUnknown());
  // @ts-expect-error the result is unknown until it is named
  const time: Promise<Date> = open.method.call("getCurrentTime");
  void time;
});

test("without a contract the type argument of a call is its result", () => {
  expectTypeOf(open.method.call<Date>("getCurrentTime")).resolves.toEqualTypeOf<Date>();
  expectTypeOf(
    open.method.call<string | null>("find", 7, callOptions({ timeoutMs: 10 })),
  ).resolves.toEqualTypeOf<string | null>();
  // @ts-expect-error a name is needed
  void open.method.call<Date>();
  // @ts-expect-error a contract decides the types
  void bridge.method.call<Date>("openCustomer", "c1");
});

test("without a contract handlers and listeners name their own types", () => {
  open.method.expose("rename", async function (name: string, force?: boolean) {
    expectTypeOf(this.signal).toEqualTypeOf<AbortSignal>();
    return force === true && name.length > 0;
  });
  open.method.expose("getCurrentTime", () => new Date());
  open.method.expose<() => Date>("getCurrentTime", () => new Date());
  open.method.expose<(name: string) => Promise<boolean>>("rename", async (name) => name !== "");
  // @ts-expect-error not the named function
  open.method.expose<() => Date>("getCurrentTime", () => "now");
  // @ts-expect-error a contract decides the types
  bridge.method.expose<(name: string) => boolean>("rename", (name) => name !== "");
  open.event.subscribe("CustomerChanged", ({ id }: { id: string }) => void id);
  open.event.publish("CustomerSaved", { id: "c1" });
  open.event.publish<{ id: string }>("CustomerSaved", { id: "c1" });
  open.event.subscribe("CustomerChanged", async (payload) => {
    await Promise.resolve(payload);
    return { status: "done" };
  });
  expectTypeOf(open.method.isExposed("rename")).toBeBoolean();
  expectTypeOf(bridge.method.isExposed("rename")).toBeBoolean();
  // @ts-expect-error not the named payload
  open.event.publish<{ id: string }>("CustomerSaved", { id: 7 });
  // @ts-expect-error a contract decides the types
  bridge.event.publish<{ orderId: number }>("order:verified", { orderId: 7 });
  // @ts-expect-error no function
  open.event.subscribe("CustomerChanged", "listener");
});
