/** What the host shows to its guests: context, theme and locale. */
import { isRecord, type Theme } from "@breezeway/shared";
import { createStore, type Store } from "@breezeway/shared/channel";
import type { HostOptions } from "../host-types.ts";
import type { MountSettings } from "../mount-types.ts";

export interface HostState {
  readonly context: Store<unknown>;
  readonly theme: Store<Theme>;
  /** `undefined` until the host has stated a theme. Guests receive the default meanwhile. */
  readonly statedTheme: Theme | undefined;
  readonly locale: Store<string>;
  /** The host's context with what the mount overrides. */
  contextOf(settings: Pick<MountSettings, "context" | "placement">): unknown;
}

export function createHostState(
  initial: Pick<HostOptions, "context" | "theme" | "locale">,
): HostState {
  const context = createStore<unknown>(initial.context);
  const byDefault: Theme = { scheme: "light" };
  const theme = createStore(initial.theme ?? byDefault);
  return {
    context,
    theme,
    get statedTheme() {
      return theme.current === byDefault ? undefined : theme.current;
    },
    locale: createStore(initial.locale ?? "en"),
    contextOf({ context: own, placement }) {
      const extra = { ...own, ...(placement === undefined ? {} : { placement }) };
      const shared = context.current;
      if (isRecord(shared)) return { ...shared, ...extra };
      return Object.keys(extra).length > 0 ? extra : shared;
    },
  };
}
