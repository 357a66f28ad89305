import { eventDefinition, type Contract } from "@breezeway/shared";
import type { PageContract } from "./page/setup.ts";

interface Rights {
  readonly capability?: string;
  readonly retained?: boolean;
}

/** Returns the part of a contract that the host page gets: names and rights, without schemas. */
export function pageContract(contract: Contract | undefined): PageContract | undefined {
  if (contract === undefined) return undefined;
  const { methods, events, guestMethods } = contract;
  return {
    methods: methods && mapValues(methods, rightsOf),
    events: events && mapValues(events, (entry) => rightsOf(eventDefinition(entry))),
    guestMethods: guestMethods && Object.keys(guestMethods),
  };
}

function rightsOf({ capability, retained }: Rights): Rights {
  return {
    ...(capability === undefined ? {} : { capability }),
    ...(retained === undefined ? {} : { retained }),
  };
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, map: (value: T) => R) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
