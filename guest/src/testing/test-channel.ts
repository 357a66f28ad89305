/** The host's end of the channel to the guest under test. It runs the code of a real host. */
import {
  BridgeError,
  CHANNEL_LIMITS,
  chain,
  checkPayload,
  createContractGuard,
  runChecked,
  type Contract,
} from "@breezeway/shared";
import {
  createChannel,
  createGate,
  randomId,
  toWireError,
  type Channel,
  type ChannelPort,
  type Clock,
  type IncomingCall,
} from "@breezeway/shared/channel";
import type { TestEvents } from "./test-events.ts";

export type TestMethod = (this: object, ...args: readonly unknown[]) => unknown;

export interface TestChannelDeps {
  readonly port: ChannelPort;
  readonly clock: Clock;
  readonly contract: Contract | undefined;
  readonly can: (capability: string) => boolean;
  /** The handler of a method that every host has; `undefined` for any other method. */
  readonly builtIn: (call: IncomingCall) => (() => unknown) | undefined;
  readonly methods: ReadonlyMap<string, TestMethod>;
  readonly onCall: (call: IncomingCall) => void;
  readonly events: Pick<TestEvents, "receive" | "subscribe" | "unsubscribe">;
  readonly onEnded: () => void;
  readonly report: (error: unknown) => void;
}

export function openTestChannel(deps: TestChannelDeps): Channel {
  const { contract, clock, events, report } = deps;
  const guard = createContractGuard(contract, deps.can);

  const call = (incoming: IncomingCall): unknown => {
    deps.onCall(incoming);
    const builtIn = deps.builtIn(incoming);
    if (builtIn) return builtIn();
    const { method: name } = incoming;
    const definition = guard.method(name, "methods");
    const method = deps.methods.get(name);
    if (!method) {
      throw new BridgeError("CALL_METHOD_UNKNOWN", `The test host has no method "${name}".`);
    }
    return runChecked(name, definition, incoming.args, (args) =>
      Reflect.apply(method, incoming, args),
    );
  };

  const orRefuse = (target: Channel, topic: string, act: () => unknown): void => {
    const refuse = (error: unknown): void => {
      if (!BridgeError.is(error)) return report(error);
      target.send(["refused", topic, toWireError(error, randomId())]);
    };
    const acted = new Promise((resolve) => {
      resolve(act());
    });
    acted.catch(refuse);
  };

  const channel: Channel = createChannel({
    port: deps.port,
    clock,
    receive: createGate(CHANNEL_LIMITS, clock).receive,
    handlers: {
      call,
      event: (topic, payload) =>
        orRefuse(channel, topic, () =>
          chain(checkPayload(topic, guard.topic(topic), payload), (value) =>
            events.receive(topic, value),
          ),
        ),
      subscribe: (topic) =>
        orRefuse(channel, topic, () => {
          guard.topic(topic);
          events.subscribe(topic);
        }),
      unsubscribe: (topic) => events.unsubscribe(topic),
      ended: deps.onEnded,
      report,
    },
  });
  return channel;
}
