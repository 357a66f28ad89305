import type { Contract, EventPayload, TopicName } from "@breezeway/shared";
import { createElement, type FunctionComponent } from "react";
import type { AppBridge } from "../bridge-types.ts";
import { useBridge, useHostEvent } from "./hooks.ts";
import { BreezewayProvider, type BreezewayProviderProps } from "./provider.ts";

/** The parts of this package whose types depend on the contract. */
export interface ContractHooks<C extends Contract> {
  /** `BreezewayProvider` with the contract among its options. */
  readonly BreezewayProvider: FunctionComponent<BreezewayProviderProps<C>>;
  readonly useBridge: () => AppBridge<C>;
  readonly useHostEvent: <Topic extends TopicName<C>>(
    topic: Topic,
    listener: (payload: EventPayload<C, Topic>) => unknown,
  ) => void;
}

/**
 * Returns provider and hooks for a contract: names, arguments, results and payloads are typed, and
 * checked at run time.
 *
 * @example
 * export const { BreezewayProvider, useBridge, useHostEvent } = defineHooks(contract);
 */
export function defineHooks<C extends Contract>(contract: C): ContractHooks<C> {
  const Provider: FunctionComponent<BreezewayProviderProps<C>> = (props) =>
    createElement(BreezewayProvider, {
      ...(props as unknown as BreezewayProviderProps),
      options: { ...(props.options as BreezewayProviderProps["options"]), contract },
    });
  // One React context serves every contract, so the types of this one are asserted here.
  return {
    BreezewayProvider: Provider,
    useBridge: useBridge as unknown as ContractHooks<C>["useBridge"],
    useHostEvent: useHostEvent as ContractHooks<C>["useHostEvent"],
  };
}
