/** Events between the test and the guest under test, checked by the contract on both ways. */
import {
  chain,
  checkPayload,
  isPromiseLike,
  type ContractGuard,
  type EventFrame,
} from "@breezeway/shared";
import type { Unsubscribe } from "@breezeway/shared/channel";

type Listener = (payload: unknown) => void;

export interface TestEvents {
  /** Sends an event if the guest subscribes to its topic. */
  publish(topic: string, payload: unknown, isRetained: boolean | undefined): void;
  /** Listens to what the guest publishes. */
  listen(topic: string, listener: Listener): Unsubscribe;
  /** Takes an event of the guest, checked already. */
  receive(topic: string, payload: unknown): void;
  /** The guest subscribes. A retained event is sent to it at once. */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Forgets what the guest of an earlier channel subscribed to. */
  reset(): void;
  readonly published: readonly { readonly topic: string; readonly payload: unknown }[];
  readonly subscriptions: ReadonlySet<string>;
}

export interface TestEventsDeps {
  readonly guard: ContractGuard;
  readonly send: (frame: EventFrame) => void;
  readonly report: (error: unknown) => void;
}

export function createTestEvents({ guard, send, report }: TestEventsDeps): TestEvents {
  const published: { topic: string; payload: unknown }[] = [];
  const listeners = new Map<string, Set<Listener>>();
  const retained = new Map<string, unknown>();
  const subscriptions = new Set<string>();
  return {
    published,
    subscriptions,
    publish(topic, payload, isRetained) {
      const definition = guard.topic(topic);
      const keep = isRetained ?? definition?.retained ?? false;
      const sent = chain(checkPayload(topic, definition, payload), () => {
        if (keep) retained.set(topic, payload);
        if (!subscriptions.has(topic)) return;
        send(keep ? ["event", topic, payload, true] : ["event", topic, payload]);
      });
      if (isPromiseLike(sent)) sent.then(undefined, report);
    },
    listen(topic, listener) {
      guard.topic(topic);
      const entries = listeners.get(topic) ?? new Set();
      listeners.set(topic, entries.add(listener));
      return () => void entries.delete(listener);
    },
    receive(topic, payload) {
      published.push({ topic, payload });
      for (const listener of listeners.get(topic) ?? []) listener(payload);
    },
    subscribe(topic) {
      subscriptions.add(topic);
      if (retained.has(topic)) send(["event", topic, retained.get(topic), true]);
    },
    unsubscribe: (topic) => void subscriptions.delete(topic),
    reset: () => subscriptions.clear(),
  };
}
