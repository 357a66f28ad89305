/** The text under one key of the platform's secure store. No function here rejects or quotes a value. */
import { BridgeError } from "@breezeway/shared";
import {
  parseJsonWith,
  sessionSummarySchema,
  type SessionSummary,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { ClientSettings } from "./client-options.ts";
import { isSessionSecret } from "./issuer-calls.ts";

export interface StoredContent {
  readonly session: {
    readonly secret: string;
    readonly summary: SessionSummary;
    /** When the secret was issued, in epoch milliseconds of this device. */
    readonly rotatedAtMs: number;
  } | null;
  /** Secrets of sessions that are to be ended at the issuer. */
  readonly endings: string[];
}

const secret = z.string().check(z.refine(isSessionSecret, "must be a session secret"));

const contentSchema: z.ZodMiniType<StoredContent> = z.object({
  session: z.nullable(z.object({ secret, summary: sessionSummarySchema, rotatedAtMs: z.number() })),
  endings: z.array(secret),
});

export interface StoredSession {
  /** The content that an earlier run or another program has stored; `undefined` when it is not new. */
  readonly read: () => Promise<StoredContent | undefined>;
  readonly write: (content: StoredContent) => Promise<void>;
  /** The last write failed. */
  readonly isUnsaved: boolean;
}

export function createStoredSession({
  storage,
  storageKey,
  onError,
}: Pick<ClientSettings, "storage" | "storageKey" | "onError">): StoredSession {
  const state = { text: undefined as string | undefined, isUnsaved: false };

  const report = (action: "get" | "set" | "remove", cause: unknown): void => {
    // Not the error itself: a store may quote the value that it could not keep.
    const kind = cause instanceof Error ? cause.name : typeof cause;
    const message = `createSession: storage: ${action} failed (${kind}). The stored session may be out of date.`;
    onError(new BridgeError("STORE_UNAVAILABLE", message));
  };

  return {
    get isUnsaved() {
      return state.isUnsaved;
    },
    async read() {
      try {
        const text = await storage.get(storageKey);
        if (text === null || text === undefined || text === state.text) return undefined;
        state.text = text;
        const source = `createSession: storage: ${storageKey}`;
        return parseJsonWith(contentSchema, text, { code: "STORE_UNAVAILABLE", source });
      } catch (cause) {
        report("get", cause);
        return undefined;
      }
    },
    async write(content) {
      const isEmpty = content.session === null && content.endings.length === 0;
      const text = isEmpty ? undefined : JSON.stringify(content);
      try {
        if (text === undefined) await storage.remove(storageKey);
        else await storage.set(storageKey, text);
        state.text = text;
        state.isUnsaved = false;
      } catch (cause) {
        state.isUnsaved = true;
        report(text === undefined ? "remove" : "set", cause);
      }
    },
  };
}
