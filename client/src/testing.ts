/** Hooks for tests of programs that use `@breezeway/client`. */
import type { ClientSession, ClientSessionOptions, SecureStorage } from "./client-types.ts";
import { createSessionWithHooks, type ClientSessionTestHooks } from "./create-session.ts";

export type { ClientSessionTestHooks } from "./create-session.ts";

/** `createSession` with a clock that the test moves. */
export function createSessionForTesting(
  options: ClientSessionOptions,
  hooks: ClientSessionTestHooks,
): ClientSession {
  return createSessionWithHooks(options, hooks);
}

/** A store in memory, in place of the platform's secure store. */
export function memoryStorage(entries: Map<string, string> = new Map()): SecureStorage {
  return {
    get: (key) => entries.get(key),
    set: (key, value) => entries.set(key, value),
    remove: (key) => entries.delete(key),
  };
}
