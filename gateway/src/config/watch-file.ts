/** Watches a configuration file and SIGHUP. The caller decides what a reload does. */
import { readFileSync, realpathSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

export interface ConfigWatch extends Disposable {
  /** Reads the file now. Never throws. */
  reload(): void;
  close(): void;
}

export interface FileWatchOptions {
  /** Applies the file's current content. Must not throw. */
  readonly reload: () => void;
  /** Called when the folder can no longer be watched. */
  readonly onError: (error: unknown) => void;
}

// Editors and deployments write a file in several steps within this time.
const SETTLE_MS = 100;

/** Calls `reload` on each change of the file, and on SIGHUP, whether the file has changed or not. */
export function watchConfigFile(file: string, options: FileWatchOptions): ConfigWatch {
  let timer: NodeJS.Timeout | undefined;
  let lastRead: string | undefined;
  let place = placeOf(file);

  const reload = (): void => {
    clearTimeout(timer);
    lastRead = textOf(file);
    place = placeOf(file);
    options.reload();
  };

  // SIGHUP may have come before the watch event: each edit is reported once.
  const reloadChanged = (): void => {
    if (lastRead === undefined || textOf(file) !== lastRead) reload();
  };

  // Watch the folder: most writers replace the file, and a file watch would stay with the old one.
  const watcher = watch(dirname(file), (_event, name) => {
    // Configuration mounts (Kubernetes) swap a folder that the file links into.
    if (name !== null && name !== basename(file) && placeOf(file) === place) return;
    clearTimeout(timer);
    timer = setTimeout(reloadChanged, SETTLE_MS);
  });
  watcher.on("error", options.onError);
  process.on("SIGHUP", reload);

  const close = (): void => {
    clearTimeout(timer);
    watcher.close();
    process.off("SIGHUP", reload);
  };
  return { reload, close, [Symbol.dispose]: close };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** The file's path with all links resolved. */
function placeOf(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}
