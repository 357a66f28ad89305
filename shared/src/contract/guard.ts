/**
 * Checks the contract at run time, with the same code on both sides. Each side checks what it sends,
 * so that a mistake shows where it was made, and what it receives, since it does not trust its peer.
 * Only the receiver applies a schema's transforms.
 */
import { WORDS } from "@breezeway/shared/words";
import { BridgeError } from "../errors/bridge-error.ts";
import { quoted } from "../errors/quoted.ts";
import { isName } from "../protocol/names.ts";
import { assertCapability } from "./capability.ts";
import {
  eventDefinition,
  type Contract,
  type EventDefinition,
  type MethodDefinition,
} from "./contract.ts";
import { splitTransfer } from "../channel/call-options.ts";
import { chain, check, type MaybePromise } from "./validate.ts";

export type MethodSide = "methods" | "guestMethods";

export interface ContractGuard {
  /**
   * Returns the definition of a method; `undefined` without a contract.
   *
   * @throws {BridgeError} CALL_METHOD_UNKNOWN, CAPABILITY_MISSING
   */
  method(name: string, side: MethodSide): MethodDefinition | undefined;
  /**
   * Returns the definition of a topic; `undefined` without a contract.
   *
   * @throws {BridgeError} EVENT_TOPIC_INVALID, CAPABILITY_MISSING
   */
  topic(topic: string): EventDefinition | undefined;
}

/** @param can Whether the guest has a capability. */
export function createContractGuard(
  contract: Contract | undefined,
  can: (capability: string) => boolean,
): ContractGuard {
  return {
    method(name, side) {
      const listed = contract?.[side];
      if (listed === undefined) return undefined;
      if (!Object.hasOwn(listed, name)) {
        throw new BridgeError(
          "CALL_METHOD_UNKNOWN",
          WORDS ? `The contract has no method ${quoted(name)}.` : [quoted(name)],
        );
      }
      if (side === "methods")
        assertCapability(can, WORDS ? `"${name}"` : name, listed[name]?.capability);
      return listed[name];
    },
    topic(topic) {
      const events = contract?.events;
      if (!isName(topic)) throw badTopic(topic, WORDS && "is not a valid name");
      if (events === undefined) return undefined;
      const entry = Object.hasOwn(events, topic) ? events[topic] : undefined;
      if (entry === undefined) throw badTopic(topic, WORDS && "is not in the contract");
      const definition = eventDefinition(entry);
      assertCapability(can, WORDS ? `The topic "${topic}"` : topic, definition.capability);
      return definition;
    },
  };
}

/** Runs a handler between the checks of its arguments and of its result. */
export function runChecked(
  name: string,
  definition: MethodDefinition | undefined,
  args: readonly unknown[],
  run: (args: readonly unknown[]) => unknown,
): MaybePromise<unknown> {
  if (definition === undefined) return run(args);
  return chain(checkArgs(name, definition, args), (checked) =>
    chain(run(checked), (returned) =>
      chain(checkResult(name, definition, splitTransfer(returned).value), () => returned),
    ),
  );
}

/** @throws {BridgeError} CALL_ARGUMENTS_INVALID */
export function checkArgs(
  name: string,
  definition: MethodDefinition | undefined,
  args: readonly unknown[],
): MaybePromise<readonly unknown[]> {
  if (definition === undefined) return args;
  if (definition.args === undefined) {
    if (args.length === 0) return args;
    throw new BridgeError(
      "CALL_ARGUMENTS_INVALID",
      WORDS ? `"${name}" takes no arguments.` : [name],
    );
  }
  return check(definition.args, args, {
    code: "CALL_ARGUMENTS_INVALID",
    subject: WORDS ? `The arguments of "${name}"` : name,
  });
}

/** @throws {BridgeError} CALL_RESULT_INVALID */
export function checkResult(
  name: string,
  definition: MethodDefinition | undefined,
  result: unknown,
): MaybePromise<unknown> {
  if (definition?.returns === undefined) return result;
  return check(definition.returns, result, {
    code: "CALL_RESULT_INVALID",
    subject: WORDS ? `The result of "${name}"` : name,
  });
}

/** @throws {BridgeError} EVENT_PAYLOAD_INVALID */
export function checkPayload(
  topic: string,
  definition: EventDefinition | undefined,
  payload: unknown,
): MaybePromise<unknown> {
  if (definition === undefined) return payload;
  return check(definition.payload, payload, {
    code: "EVENT_PAYLOAD_INVALID",
    subject: WORDS ? `The payload of "${topic}"` : topic,
  });
}

function badTopic(topic: string, what: string | false): BridgeError {
  return new BridgeError(
    "EVENT_TOPIC_INVALID",
    WORDS ? `The topic ${quoted(topic)} ${what || ""}.` : [quoted(topic)],
  );
}
