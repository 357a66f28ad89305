/** The test's side of the host page. It answers calls of the guest, and records its actions. */
import {
  BridgeError,
  checkArgs,
  checkPayload,
  checkResult,
  type ContractGuard,
} from "@breezeway/shared";
import { createInbox, type Inbox } from "./inbox.ts";
import type { CallAnswer, EmbedNavigation, PageMessage } from "./page/setup.ts";

export type AnyMethod = (...args: readonly unknown[]) => unknown;

export interface PageRecord {
  readonly calls: { readonly method: string; readonly args: readonly unknown[] }[];
  readonly events: { readonly topic: string; readonly payload: unknown }[];
  readonly setups: unknown[];
  readonly navigations: EmbedNavigation[];
  readonly paths: string[];
  readonly errors: string[];
}

export interface PageAnswers {
  readonly record: PageRecord;
  readonly inbox: Inbox;
  readonly answer: (message: PageMessage) => Promise<CallAnswer | undefined>;
}

export function createPageAnswers(
  guard: ContractGuard,
  methods: ReadonlyMap<string, AnyMethod>,
): PageAnswers {
  const record: PageRecord = {
    calls: [],
    events: [],
    setups: [],
    navigations: [],
    paths: [],
    errors: [],
  };
  const inbox = createInbox();

  const answerCall = async (method: string, args: readonly unknown[]): Promise<CallAnswer> => {
    record.calls.push({ method, args });
    try {
      const definition = guard.method(method, "methods");
      const checked = await checkArgs(method, definition, args);
      const value = await methods.get(method)?.(...checked);
      await checkResult(method, definition, value);
      return { ok: true, value };
    } catch (error) {
      if (BridgeError.is(error)) return { ok: false, code: error.code, message: error.message };
      record.errors.push(String(error));
      return { ok: false, code: "CALL_FAILED", message: "The method failed." };
    }
  };

  const receive = async (topic: string, payload: unknown): Promise<void> => {
    try {
      const value = await checkPayload(topic, guard.topic(topic), payload);
      record.events.push({ topic, payload: value });
      inbox.put(topic, value);
    } catch (error) {
      record.errors.push(String(error));
    }
  };

  return {
    record,
    inbox,
    async answer(message) {
      switch (message.type) {
        case "call":
          return answerCall(message.method, message.args);
        case "event":
          await receive(message.topic, message.payload);
          return undefined;
        case "setup":
          record.setups.push(message.result);
          return undefined;
        case "navigation":
          record.navigations.push(message.target);
          return undefined;
        case "path":
          record.paths.push(message.path);
          return undefined;
        case "error":
          record.errors.push(message.text);
          return undefined;
      }
    },
  };
}
