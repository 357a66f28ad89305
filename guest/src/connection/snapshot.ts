/** The host's state in the guest. The welcome sets it, and state frames update it. */
import { STATE_KEYS, type GuestState, type StateKey } from "@breezeway/shared";
import { createStore, type Store } from "@breezeway/shared/channel";

export type Snapshot = { readonly [Key in StateKey]: Store<GuestState[Key]> };

export function createSnapshot(): Snapshot {
  return {
    capabilities: createStore<GuestState["capabilities"]>([]),
    context: createStore<unknown>(undefined),
    theme: createStore<GuestState["theme"]>({ scheme: "light" }),
    locale: createStore("en"),
    token: createStore<GuestState["token"]>(null),
    session: createStore<GuestState["session"]>(null),
  };
}

export function updateSnapshot(snapshot: Snapshot, state: GuestState): void {
  for (const key of STATE_KEYS) setState(snapshot, key, state[key]);
}

/** @param value A value that the parser of the welcome or frame has checked. */
export function setState(snapshot: Snapshot, key: StateKey, value: unknown): void {
  (snapshot[key] as Store<unknown>).set(value);
}
