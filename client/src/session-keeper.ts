/**
 * The session secret in memory and in the platform's secure store.
 *
 * [SK-1] A new secret is stored before the call that brought it settles: a program that ends afterwards
 *        finds it at its next start.
 * [SK-2] Writes happen one after the other, so an older secret never overwrites a newer one.
 * [SK-3] A sign-out that the issuer has not confirmed is stored too, and survives a restart.
 * [SK-4] A store that fails does not end the session. It is reported, without the value, and gets the
 *        secret at the next call.
 * [SK-5] Programs that share a store share the session: what another one has stored is taken before each
 *        call, since a secret that was replaced long ago would look like a stolen one.
 */
import type { Clock } from "@breezeway/shared";
import { createStore, type Readable } from "@breezeway/shared/channel";
import type { SessionSummary } from "@breezeway/shared/schemas";
import type { ClientSettings } from "./client-options.ts";
import type { OpenedSession } from "./issuer-calls.ts";
import { createStoredSession, type StoredContent } from "./stored-session.ts";

export interface SessionKeeper {
  readonly session: Readable<SessionSummary | null>;
  readonly secret: string | undefined;
  /** When the secret was issued, in epoch milliseconds of this device. */
  readonly rotatedAtMs: number;
  /** Secrets of sessions that the user has signed out of and the issuer has not ended yet. */
  readonly endings: readonly string[];
  /** Resolves once the stored session was read. Never rejects. */
  readonly loaded: Promise<void>;
  /** Resolves once store and memory agree. Never rejects. */
  readonly sync: () => Promise<void>;
  readonly open: (opened: OpenedSession) => Promise<void>;
  /** Takes a newer summary of the present session. Another session's summary is ignored. */
  readonly update: (summary: SessionSummary) => Promise<void>;
  /** Forgets the session; with `ending`, its secret moves to `endings`. */
  readonly forget: (options?: { readonly ending: boolean }) => Promise<void>;
  readonly ended: (secret: string) => Promise<void>;
}

export interface SessionKeeperDeps extends Pick<
  ClientSettings,
  "storage" | "storageKey" | "onError"
> {
  readonly clock: Pick<Clock, "now">;
}

interface KeeperState {
  secret: string | undefined;
  rotatedAtMs: number;
  endings: string[];
}

/** A user who signs out offline again and again leaves at most this many sessions to end. */
const MAX_ENDINGS = 8;

export function createSessionKeeper(deps: SessionKeeperDeps): SessionKeeper {
  const stored = createStoredSession(deps);
  const session = createStore<SessionSummary | null>(null);
  const state: KeeperState = { secret: undefined, rotatedAtMs: 0, endings: [] };
  let writes: Promise<void> = Promise.resolve();

  const save = (): Promise<void> => {
    writes = writes.then(() => stored.write(contentOf(state, session.current)));
    return writes;
  };

  const take = ({ secret, summary, rotatedAtMs }: NonNullable<StoredContent["session"]>): void => {
    state.secret = secret;
    state.rotatedAtMs = rotatedAtMs;
    session.set(summary);
  };

  const load = async (): Promise<void> => {
    const content = await stored.read();
    state.endings = content?.endings.slice(-MAX_ENDINGS) ?? [];
    if (content?.session) take(content.session);
  };
  const loaded = load();

  const sync = async (): Promise<void> => {
    await loaded;
    await (stored.isUnsaved ? save() : writes);
    if (stored.isUnsaved) return;
    const { secret } = state;
    const content = await stored.read();
    // A store that is empty proves nothing: it may be one that keeps nothing.
    if (content?.session && state.secret === secret) take(content.session);
  };

  return {
    session,
    get secret() {
      return state.secret;
    },
    get rotatedAtMs() {
      return state.rotatedAtMs;
    },
    get endings() {
      return state.endings;
    },
    loaded,
    sync,
    open(opened) {
      take({ ...opened, rotatedAtMs: deps.clock.now() });
      return save();
    },
    async update(summary) {
      await sync();
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
    async ended(done) {
      await sync();
      state.endings = state.endings.filter((other) => other !== done);
      await save();
    },
  };
}

function contentOf(
  { secret, rotatedAtMs, endings }: KeeperState,
  summary: SessionSummary | null,
): StoredContent {
  const session = secret !== undefined && summary ? { secret, summary, rotatedAtMs } : null;
  return { session, endings };
}
