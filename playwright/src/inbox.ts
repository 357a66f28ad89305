/** Events by topic: unread events, and readers that wait for an event. */
export interface Inbox {
  put(topic: string, payload: unknown): void;
  take(topic: string): Promise<unknown>;
}

export function createInbox(): Inbox {
  const waiting = new Map<string, ((payload: unknown) => void)[]>();
  const unread = new Map<string, unknown[]>();
  return {
    put(topic, payload) {
      const resolve = waiting.get(topic)?.shift();
      if (resolve) resolve(payload);
      else unread.set(topic, [...(unread.get(topic) ?? []), payload]);
    },
    take(topic) {
      const arrived = unread.get(topic);
      if (arrived && arrived.length > 0) return Promise.resolve(arrived.shift());
      return new Promise((resolve) => {
        waiting.set(topic, [...(waiting.get(topic) ?? []), resolve]);
      });
    },
  };
}
