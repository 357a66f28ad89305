/** Listeners by topic. They outlive a channel: the next channel subscribes to all topics again. */
import type { SubscribeFrame, UnsubscribeFrame } from "@breezeway/shared";
import type { Unsubscribe } from "@breezeway/shared/channel";

type Listener = (payload: unknown) => void;

export interface Topics {
  readonly names: Iterable<string>;
  readonly add: (topic: string, listener: Listener) => Unsubscribe;
  readonly deliver: (topic: string, payload: unknown, retained: boolean) => void;
  clear(): void;
}

interface Topic {
  listeners: readonly { readonly notify: Listener }[];
  retained?: { readonly payload: unknown };
}

/** @param send Notifies the host of the first listener of a topic, and of the end of the last one. */
export function createTopics(
  send: (frame: SubscribeFrame | UnsubscribeFrame) => void,
  report: (error: unknown) => void,
): Topics {
  const topics = new Map<string, Topic>();

  const notify = (listener: Listener, payload: unknown): void => {
    try {
      listener(payload);
    } catch (error) {
      // The error of one listener must not keep the event from the others.
      report(error);
    }
  };

  return {
    get names() {
      return topics.keys();
    },
    add(name, listener) {
      const entry = { notify: listener };
      let topic = topics.get(name);
      if (topic === undefined) {
        topic = { listeners: [entry] };
        topics.set(name, topic);
        send(["subscribe", name]);
      } else {
        topic.listeners = [...topic.listeners, entry];
        if (topic.retained) notify(listener, topic.retained.payload);
      }
      return () => {
        if (!topic.listeners.includes(entry)) return;
        topic.listeners = topic.listeners.filter((other) => other !== entry);
        if (topic.listeners.length > 0 || topics.get(name) !== topic) return;
        topics.delete(name);
        send(["unsubscribe", name]);
      };
    },
    deliver(name, payload, retained) {
      const topic = topics.get(name);
      if (topic === undefined) return;
      if (retained) topic.retained = { payload };
      for (const listener of topic.listeners) notify(listener.notify, payload);
    },
    clear: () => topics.clear(),
  };
}
