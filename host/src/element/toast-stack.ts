/**
 * Decides which toasts are shown, and for how long. The newest comes last. When there is no room, an app
 * loses its own oldest toast before another app loses one.
 *
 * While paused, no toast appears or disappears: shown toasts stay, and later ones wait.
 */
import type { ToastRequest } from "../surfaces/host-ui.ts";

const MAX_SHOWN = 3;
const SHOWN_MS = 6_000;
/** Errors take longer to read. */
const ERROR_SHOWN_MS = 12_000;
/** While the user points at a toast, its removal is tried again after this time. */
const BUSY_MS = 1_000;

export interface ShownToast extends ToastRequest {
  readonly id: number;
}

export interface ToastStack {
  readonly shown: readonly ShownToast[];
  add(request: ToastRequest): void;
  remove(id: number): void;
  pause(): void;
  resume(): void;
  close(): void;
}

export interface ToastStackDeps {
  /** Called after each change of `shown`. */
  readonly changed: () => void;
  /** Whether the user points at a toast, or has the focus in one. */
  readonly isBusy: () => boolean;
}

export function createToastStack({ changed, isBusy }: ToastStackDeps): ToastStack {
  const timers = new Map<number, ReturnType<typeof setTimeout>>();
  let shown: readonly ShownToast[] = [];
  let waiting: readonly ShownToast[] = [];
  let isPaused = false;
  let lastId = 0;

  const stopTimers = (): void => {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  };

  const remove = (id: number): void => {
    clearTimeout(timers.get(id));
    timers.delete(id);
    shown = shown.filter((toast) => toast.id !== id);
    changed();
  };

  const leaveLater = (toast: ShownToast, ms = shownMs(toast)): void => {
    const leave = (): void => (isBusy() ? leaveLater(toast, BUSY_MS) : remove(toast.id));
    timers.set(toast.id, setTimeout(leave, ms));
  };

  const show = (toast: ShownToast): void => {
    shown = [...withRoom(shown, toast), toast];
    leaveLater(toast);
    changed();
  };

  return {
    get shown() {
      return shown;
    },
    add(request) {
      lastId += 1;
      const toast = { ...request, id: lastId };
      if (isPaused) waiting = [...withRoom(waiting, toast), toast];
      else show(toast);
    },
    remove,
    pause() {
      isPaused = true;
      stopTimers();
    },
    resume() {
      if (!isPaused) return;
      isPaused = false;
      const next = waiting;
      waiting = [];
      for (const toast of shown) leaveLater(toast);
      for (const toast of next) show(toast);
    },
    close() {
      stopTimers();
      shown = [];
      waiting = [];
      changed();
    },
  };
}

function shownMs({ tone }: ShownToast): number {
  return tone === "error" ? ERROR_SHOWN_MS : SHOWN_MS;
}

function withRoom(list: readonly ShownToast[], { app }: ShownToast): readonly ShownToast[] {
  if (list.length < MAX_SHOWN) return list;
  const oldest = list.find((toast) => toast.app.id === app.id) ?? list[0];
  return list.filter((toast) => toast !== oldest);
}
