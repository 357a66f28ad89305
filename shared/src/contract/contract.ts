/**
 * A contract names the methods and events that a host offers to its guests. One value gives
 * compile-time types to both sides, and run-time checks with any Standard Schema library
 * (https://standardschema.dev): zod, valibot, arktype.
 */
import { WORDS } from "@breezeway/shared/words";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { BridgeError } from "../errors/bridge-error.ts";
import { quoted } from "../errors/quoted.ts";
import { isName, isRight } from "../protocol/names.ts";

export interface MethodDefinition {
  /** Schema of the argument list (a tuple). Default: the method takes no arguments. */
  readonly args?: StandardSchemaV1<readonly unknown[], readonly unknown[]>;
  /** Schema of the result. Default: any value that can be cloned. */
  readonly returns?: StandardSchemaV1;
  /** Capability that the app's manifest must list. Default: every registered app may call it. */
  readonly capability?: string;
}

export interface EventDefinition {
  readonly payload: StandardSchemaV1;
  /** Capability to subscribe (host → guest) or publish (guest → host). Default: none is needed. */
  readonly capability?: string;
  /** Late subscribers get the last payload at once. Default `false`. */
  readonly retained?: boolean;
}

export type EventEntry = StandardSchemaV1 | EventDefinition;

export interface Contract {
  /** Methods of the host that guests call. */
  readonly methods?: Readonly<Record<string, MethodDefinition>>;
  /** Topics that either side publishes. */
  readonly events?: Readonly<Record<string, EventEntry>>;
  /** Methods of the guest that the host calls. */
  readonly guestMethods?: Readonly<Record<string, MethodDefinition>>;
}

/** The contract of a bridge without one: any name, unknown types. */
export type AnyContract = Contract;

/**
 * Checks the names in a contract and returns it with its exact type.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the malformed method, topic or capability
 */
export function defineContract<const C extends Contract>(contract: C): C {
  for (const [name, method] of [
    ...Object.entries(contract.methods ?? {}),
    ...Object.entries(contract.guestMethods ?? {}),
  ]) {
    if (!isName(name))
      throw invalid(WORDS ? `${quoted(name)}: is not a valid method name` : quoted(name));
    assertCapability(name, method.capability);
  }
  for (const [topic, entry] of Object.entries(contract.events ?? {})) {
    if (!isName(topic))
      throw invalid(WORDS ? `${quoted(topic)}: is not a valid topic` : quoted(topic));
    assertCapability(topic, eventDefinition(entry).capability);
  }
  return contract;
}

/** The long form of an event entry. */
export function eventDefinition(entry: EventEntry): EventDefinition {
  return "~standard" in entry ? { payload: entry } : entry;
}

function assertCapability(name: string, capability: string | undefined): void {
  if (capability !== undefined && !isRight(capability)) {
    throw invalid(WORDS ? `"${name}": capability: must have the form resource:action` : name);
  }
}

function invalid(what: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", WORDS ? `Contract: ${what}.` : [what]);
}

type Methods<C extends Contract, Side extends "methods" | "guestMethods"> = NonNullable<C[Side]>;

/** Names that can be called; any string when the contract does not list methods. */
export type MethodName<
  C extends Contract,
  Side extends "methods" | "guestMethods" = "methods",
> = string extends keyof Methods<C, Side> ? string : keyof Methods<C, Side> & string;

/** Arguments as the caller passes them. */
export type MethodArgs<
  C extends Contract,
  Name extends string,
  Side extends "methods" | "guestMethods" = "methods",
> = string extends keyof Methods<C, Side>
  ? readonly unknown[]
  : Methods<C, Side>[Name] extends {
        readonly args: infer S extends StandardSchemaV1<readonly unknown[]>;
      }
    ? StandardSchemaV1.InferInput<S>
    : readonly [];

/** Arguments as the handler receives them, after the schema's transforms. */
export type HandlerArgs<
  C extends Contract,
  Name extends string,
  Side extends "methods" | "guestMethods" = "methods",
> = string extends keyof Methods<C, Side>
  ? readonly unknown[]
  : Methods<C, Side>[Name] extends {
        readonly args: infer S extends StandardSchemaV1<readonly unknown[]>;
      }
    ? StandardSchemaV1.InferOutput<S>
    : readonly [];

/** The value that a call resolves to. */
export type MethodResult<
  C extends Contract,
  Name extends string,
  Side extends "methods" | "guestMethods" = "methods",
> = Methods<C, Side>[Name] extends { readonly returns: infer S extends StandardSchemaV1 }
  ? StandardSchemaV1.InferOutput<S>
  : unknown;

/** The value that a handler may return: the result before the schema's transforms. */
export type HandlerResult<
  C extends Contract,
  Name extends string,
  Side extends "methods" | "guestMethods" = "methods",
> = Methods<C, Side>[Name] extends { readonly returns: infer S extends StandardSchemaV1 }
  ? StandardSchemaV1.InferInput<S>
  : unknown;

type Events<C extends Contract> = NonNullable<C["events"]>;

/** Topics; any string when the contract does not list events. */
export type TopicName<C extends Contract> = string extends keyof Events<C>
  ? string
  : keyof Events<C> & string;

/** The payload of a topic as its publisher passes it. */
export type EventInput<C extends Contract, Topic extends string> = Events<C>[Topic] extends {
  readonly payload: infer S extends StandardSchemaV1;
}
  ? StandardSchemaV1.InferInput<S>
  : Events<C>[Topic] extends StandardSchemaV1
    ? StandardSchemaV1.InferInput<Events<C>[Topic]>
    : unknown;

/** The payload of a topic as its subscribers receive it. */
export type EventPayload<C extends Contract, Topic extends string> = Events<C>[Topic] extends {
  readonly payload: infer S extends StandardSchemaV1;
}
  ? StandardSchemaV1.InferOutput<S>
  : Events<C>[Topic] extends StandardSchemaV1
    ? StandardSchemaV1.InferOutput<Events<C>[Topic]>
    : unknown;
