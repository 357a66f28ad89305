/**
 * The session secret in memory and in the platform's secure store.
 *
 * [SK-1] A new secret is stored before the call that brought it settles: a program that ends afterwards
 *        finds it at its next start.
 * [SK-2] Writes happen one after the other, so an older secret never overwrites a newer one.
 * [SK-3] A sign-out that the issuer has not confirmed is stored too, and survives a restart.
 * [SK-4] A store that fails does not end the session. It is reported, without the value.
 */
import { BridgeError } from "@breezeway/shared";
import { createStore, type Readable } from "@breezeway/shared/channel";
import {
  parseJsonWith,
  sessionSummarySchema,
  type SessionSummary,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { ClientSettings } from "./client-options.ts";
import { isSessionSecret, type OpenedSession } from "./issuer-calls.ts";

export interface SessionKeeper {
  readonly session: Readable<SessionSummary | null>;
  readonly secret: string | undefined;
  /** Secrets of sessions that the user has signed out of and the issuer has not ended yet. */
  readonly endings: readonly string[];
  /** Resolves once the stored session was read. Never rejects. */
  readonly loaded: Promise<void>;
  readonly open: (opened: OpenedSession) => Promise<void>;
  /** Takes a newer summary of the present session. Another session's summary is ignored. */
  readonly update: (summary: SessionSummary) => Promise<void>;
  /** Forgets the session; with `ending`, its secret moves to `endings`. */
  readonly forget: (options?: { readonly ending: boolean }) => Promise<void>;
  readonly ended: (secret: string) => Promise<void>;
}

const secret = z.string().check(z.refine(isSessionSecret, "must be a session secret"));

const storedSchema = z.object({
  session: z.nullable(z.object({ secret, summary: sessionSummarySchema })),
  endings: z.array(secret),
});

/** A user who signs out offline again and again leaves at most this many sessions to end. */
const MAX_ENDINGS = 8;

export function createSessionKeeper(
  settings: Pick<ClientSettings, "storage" | "storageKey" | "onError">,
): SessionKeeper {
  const { storage, storageKey, onError } = settings;
  const session = createStore<SessionSummary | null>(null);
  const state = { secret: undefined as string | undefined, endings: [] as string[] };
  let writes: Promise<void> = Promise.resolve();

  const report = (action: string, cause: unknown): void => {
    // Not the error itself: a store may quote the value that it could not keep.
    const kind = cause instanceof Error ? cause.name : typeof cause;
    const message = `createSession: storage: ${action} failed (${kind}). The stored session may be out of date.`;
    onError(new BridgeError("STORE_UNAVAILABLE", message));
  };

  const write = async (): Promise<void> => {
    const { current } = session;
    const kept =
      state.secret !== undefined && current ? { secret: state.secret, summary: current } : null;
    try {
      if (kept === null && state.endings.length === 0) await storage.remove(storageKey);
      else {
        await storage.set(storageKey, JSON.stringify({ session: kept, endings: state.endings }));
      }
    } catch (cause) {
      report(kept === null ? "remove" : "set", cause);
    }
  };

  const save = (): Promise<void> => {
    writes = writes.then(write);
    return writes;
  };

  const load = async (): Promise<void> => {
    try {
      const text = await storage.get(storageKey);
      if (text === null || text === undefined) return;
      const source = {
        code: "STORE_UNAVAILABLE",
        source: `createSession: storage: ${storageKey}`,
      } as const;
      const stored = parseJsonWith(storedSchema, text, source);
      state.secret = stored.session?.secret;
      state.endings = stored.endings.slice(-MAX_ENDINGS);
      session.set(stored.session?.summary ?? null);
    } catch (cause) {
      report("get", cause);
    }
  };

  return {
    session,
    get secret() {
      return state.secret;
    },
    get endings() {
      return state.endings;
    },
    loaded: load(),
    open(opened) {
      state.secret = opened.secret;
      session.set(opened.summary);
      return save();
    },
    async update(summary) {
      if (session.current?.handle !== summary.handle) return;
      session.set(summary);
      await save();
    },
    forget({ ending } = { ending: false }) {
      if (ending && state.secret !== undefined) {
        state.endings = [...state.endings, state.secret].slice(-MAX_ENDINGS);
      }
      state.secret = undefined;
      session.set(null);
      return save();
    },
    ended(done) {
      state.endings = state.endings.filter((other) => other !== done);
      return save();
    },
  };
}
