/** Ends a subscription. Calling it again does nothing. */
export type Unsubscribe = () => void;

/** A value that changes over time. */
export interface Readable<T> {
  readonly current: T;
  /** Calls `listener` with the current value at once, then with each new value. */
  readonly subscribe: (listener: (value: T) => void) => Unsubscribe;
}

export interface Store<T> extends Readable<T> {
  /** Does nothing when the value is the same (`Object.is`). */
  set(value: T): void;
}

interface Listener<T> {
  readonly notify: (value: T) => void;
}

export function createStore<T>(initial: T): Store<T> {
  let current = initial;
  // Replaced and never changed, since a listener may add or remove others while it is called.
  let listeners: readonly Listener<T>[] = [];
  return {
    get current() {
      return current;
    },
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of listeners) {
        // An earlier listener may have set another value, which all listeners have seen by now.
        if (Object.is(current, value)) listener.notify(value);
      }
    },
    subscribe(notify) {
      const listener = { notify };
      listeners = [...listeners, listener];
      notify(current);
      return () => {
        listeners = listeners.filter((other) => other !== listener);
      };
    },
  };
}
