/** Events between the host and its guests: the host's listeners, and what is retained for subscribers. */
import {
  chain,
  checkPayload,
  createContractGuard,
  isPromiseLike,
  type Contract,
} from "@breezeway/shared";
import type { HostEvents, PublishOptions } from "../host-types.ts";
import type { GuestSender } from "../mount-types.ts";

/** Delivers an event to one guest, if that guest may have it. */
export type Deliver = (topic: string, payload: unknown, retained: boolean) => void;

export interface EventHub {
  readonly api: HostEvents<Contract>;
  /** Passes an event of a guest, whose payload was checked, to the host's listeners. */
  receive(topic: string, payload: unknown, source: GuestSender): void;
  /** The retained event of a topic for an app. */
  retained(topic: string, appId: string): { readonly payload: unknown } | undefined;
  /** Forgets retained events: events of one session must not reach guests of the next one. */
  forget(): void;
}

export interface EventHubDeps {
  readonly contract: Contract | undefined;
  readonly targets: (appId: string | undefined) => Iterable<Deliver>;
  readonly report: (error: unknown, source: GuestSender) => void;
}

type Listener = (payload: unknown, source: GuestSender) => unknown;

export function createEventHub({ contract, targets, report }: EventHubDeps): EventHub {
  const guard = createContractGuard(contract, () => true);
  const listeners = new Map<string, Set<{ readonly notify: Listener }>>();
  const retainedEvents = new Map<
    string,
    { readonly payload: unknown; readonly to: string | undefined }
  >();

  const publish = (topic: string, payload: unknown, options: PublishOptions = {}): void => {
    const definition = guard.topic(topic);
    const retained = options.retained ?? definition?.retained ?? false;
    const sent = chain(checkPayload(topic, definition, payload), () => {
      if (retained) retainedEvents.set(keyOf(topic, options.to), { payload, to: options.to });
      for (const deliver of targets(options.to)) deliver(topic, payload, retained);
    });
    if (isPromiseLike(sent)) {
      sent.then(undefined, (error: unknown) => {
        throw error;
      });
    }
  };

  return {
    api: {
      publish,
      subscribe(topic, listener) {
        guard.topic(topic);
        const entry = { notify: listener };
        const entries = listeners.get(topic) ?? new Set();
        listeners.set(topic, entries.add(entry));
        return () => {
          entries.delete(entry);
          if (entries.size === 0 && listeners.get(topic) === entries) listeners.delete(topic);
        };
      },
    },
    receive(topic, payload, source) {
      for (const { notify } of listeners.get(topic) ?? []) {
        const fail = (error: unknown): void => report(error, source);
        try {
          const result = notify(payload, source);
          if (isPromiseLike(result)) result.then(undefined, fail);
        } catch (error) {
          fail(error);
        }
      }
    },
    retained: (topic, appId) =>
      retainedEvents.get(keyOf(topic, appId)) ?? retainedEvents.get(keyOf(topic, undefined)),
    forget: () => retainedEvents.clear(),
  };
}

// A topic contains no space, so keys cannot collide.
function keyOf(topic: string, appId: string | undefined): string {
  return appId === undefined ? topic : `${topic} ${appId}`;
}
