/** Tells of changes of a configuration file, and of SIGHUP. What follows from them is the caller's. */
import { readFileSync, realpathSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

export interface ConfigWatch extends Disposable {
  /** Reads the file now. Never throws. */
  reload(): void;
  close(): void;
}

export interface FileWatchOptions {
  /** Takes the file over, as it is now. Must not throw. */
  readonly reload: () => void;
  /** Told when the folder can no longer be watched. */
  readonly onError: (error: unknown) => void;
}

// Editors and deployments write a file in several steps.
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

  // A signal may have been quicker than the watch: one edit is reported once.
  const reloadChanged = (): void => {
    if (lastRead === undefined || textOf(file) !== lastRead) reload();
  };

  // The folder and not the file: most writers replace the file, and a watch stays with the old one.
  const watcher = watch(dirname(file), (_event, name) => {
    // Mounts of configuration swap a folder that the file is a link into.
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

/** Where the file is once links are followed. */
function placeOf(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}
