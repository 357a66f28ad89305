import { createStore } from "./store.ts";
import { expect, it } from "vitest";
import { streamOf } from "./stream-of.ts";

const open = () => {
  const store = createStore<string | null>("a");
  const life = new AbortController();
  const listeners = { count: 0, total: 0 };
  const values = streamOf(
    {
      get current() {
        return store.current;
      },
      subscribe(listener) {
        listeners.count += 1;
        listeners.total += 1;
        const unsubscribe = store.subscribe(listener);
        return () => {
          listeners.count -= 1;
          unsubscribe();
        };
      },
    },
    life.signal,
  );
  return { store, life, listeners, values };
};

it("yields the current value, then changes, and to a slow reader the latest value", async () => {
  const { store, values } = open();
  await expect(values.next()).resolves.toEqual({ done: false, value: "a" });
  const next = values.next();
  store.set("b");
  await expect(next).resolves.toEqual({ done: false, value: "b" });
  store.set("c");
  store.set(null);
  await expect(values.next()).resolves.toEqual({ done: false, value: null });
  await values.return(undefined);
});

it("ends a waiting read and stops listening when the reader leaves", async () => {
  const { values, listeners } = open();
  await values.next();
  const waiting = values.next();
  await values.return(undefined);
  await expect(waiting).resolves.toEqual({ done: true, value: undefined });
  expect(listeners.count).toBe(0);
});

it("ends a waiting read and stops listening when the bridge closes", async () => {
  const { values, listeners, life } = open();
  await values.next();
  const waiting = values.next();
  life.abort();
  await expect(waiting).resolves.toEqual({ done: true, value: undefined });
  expect(listeners.count).toBe(0);
});

it("stops listening when a loop breaks", async () => {
  const { values, listeners } = open();
  for await (const value of values) {
    expect(value).toBe("a");
    break;
  }
  expect(listeners.count).toBe(0);
});

it("ends at once, and asks for nothing, when the bridge was closed before", async () => {
  const { values, listeners, life } = open();
  life.abort();
  await expect(values.next()).resolves.toEqual({ done: true, value: undefined });
  expect(listeners.total).toBe(0);
});
