/** Events between the host and its guests: who listens here, what is kept for later subscribers. */
import {
  chain,
  checkPayload,
  createContractGuard,
  isPromiseLike,
  type Contract,
} from "@breezeway/shared";
import type { HostEvents, PublishOptions } from "../host-types.ts";
import type { GuestSender } from "../mount-types.ts";

/** Delivers to one guest; it decides whether that guest may have it. */
export type Deliver = (topic: string, payload: unknown, retained: boolean) => void;

export interface EventHub {
  readonly api: HostEvents<Contract>;
  /** An event of a guest, already checked. */
  receive(topic: string, payload: unknown, source: GuestSender): void;
  /** What was kept of a topic for an app. */
  retained(topic: string, appId: string): { readonly payload: unknown } | undefined;
  /** The session has changed: nothing of it may reach a guest of the next one. */
  forget(): void;
}

export interface EventHubOptions {
  readonly contract: Contract | undefined;
  readonly targets: (appId: string | undefined) => Iterable<Deliver>;
  readonly report: (error: unknown, source: GuestSender) => void;
}

type Listener = (payload: unknown, source: GuestSender) => void;

export function createEventHub({ contract, targets, report }: EventHubOptions): EventHub {
  const guard = createContractGuard(contract, () => true);
  const listeners = new Map<string, Set<{ readonly notify: Listener }>>();
  const kept = new Map<string, { readonly payload: unknown; readonly to: string | undefined }>();

  const publish = (topic: string, payload: unknown, options: PublishOptions = {}): void => {
    const definition = guard.topic(topic);
    const retained = options.retained ?? definition?.retained ?? false;
    const sent = chain(checkPayload(topic, definition, payload), () => {
      if (retained) kept.set(keyOf(topic, options.to), { payload, to: options.to });
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
        try {
          notify(payload, source);
        } catch (error) {
          report(error, source);
        }
      }
    },
    retained: (topic, appId) => kept.get(keyOf(topic, appId)) ?? kept.get(keyOf(topic, undefined)),
    forget: () => kept.clear(),
  };
}

// A topic has no space in it.
function keyOf(topic: string, appId: string | undefined): string {
  return appId === undefined ? topic : `${topic} ${appId}`;
}
