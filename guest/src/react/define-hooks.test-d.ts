/** Compile-time checks: the hooks of a contract have its names and types. */
import { defineContract } from "@breezeway/shared";
import { createElement } from "react";
import * as z from "zod";
import { defineHooks, useHostContext } from "../react.ts";

const contract = defineContract({
  methods: { greet: { args: z.tuple([z.string()]), returns: z.number() } },
  events: { "customer:changed": z.object({ id: z.string() }) },
});
const { useBridge, useHostEvent, BreezewayProvider } = defineHooks(contract);

export async function right(): Promise<number> {
  useHostEvent("customer:changed", ({ id }) => id.toUpperCase());
  const name: string = useHostContext(z.object({ name: z.string() })).name;
  return useBridge().method.call("greet", name);
}

export async function wrong(): Promise<void> {
  // @ts-expect-error: a topic that is not in the contract
  useHostEvent("customer:gone", () => undefined);
  // @ts-expect-error: the payload has no such member
  useHostEvent("customer:changed", ({ name }) => name);
  // @ts-expect-error: an argument of another type
  await useBridge().method.call("greet", 1);
  // @ts-expect-error: a method that is not in the contract
  await useBridge().method.call("leave");
  // @ts-expect-error: the context is unknown until a schema has checked it
  const { name } = useHostContext();
  // @ts-expect-error: an option of another type
  createElement(BreezewayProvider, { options: { hostOrigins: 1 } }, name);
}
