/** Passes each change of the log to the parts that keep something in memory. */
import type { ChangeListener } from "../changes/change-watcher.ts";
import { untilDone } from "../until-done.ts";
import type { Parts } from "./parts.ts";

/** @param signal Aborted when the issuer closes; ends retries. */
export function followChanges(parts: Parts, signal: AbortSignal): void {
  const { watcher, feed, keys, cache, rotations, listeners, installations, apps, grants } = parts;
  const reloadKeys = (): void => void untilDone(() => keys.reload(), signal);

  const reloadApps = (appId?: string): void => {
    apps.invalidate(appId);
    void untilDone(async () => apps.settled(appId), signal);
  };

  const onChange: ChangeListener["onChange"] = (change) => {
    switch (change.kind) {
      case "keys-changed":
      case "key":
        reloadKeys();
        break;
      case "installations-changed":
        installations?.onChange(change.subject);
        break;
      case "grants-changed":
        grants.tenantGrants?.forget(change.subject);
        break;
      case "apps-changed":
        reloadApps(change.subject);
        break;
      case "user":
      case "tenant":
        cache.clear({ kind: change.kind, id: change.subject });
        break;
      case "sessions-ended":
        cache.clear({ kind: change.detail === "user" ? "user" : "tenant", id: change.subject });
        break;
      default:
        cache.drop(change.subject);
    }
    feed.onChange(change);
    listeners.onChange(change);
  };

  const onGap = (seq: number): void => {
    cache.clear();
    rotations.reset();
    installations?.onChange();
    reloadKeys();
    reloadApps();
    grants.tenantGrants?.forget();
    feed.onGap(seq);
    listeners.onGap();
    void untilDone(() => feed.load(), signal);
  };

  watcher.subscribe({ onChange, onBatchEnd: feed.flush, onGap });
}
