/** The host's end of the channel to the guest under test: the same code and rules as a real host. */
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

export type TestMethod = (this: object, ...args: readonly unknown[]) => unknown;

export interface TestChannelOptions {
  readonly port: ChannelPort;
  readonly clock: Clock;
  readonly contract: Contract | undefined;
  readonly can: (capability: string) => boolean;
  readonly builtIn: (call: IncomingCall) => { readonly handler: () => unknown } | undefined;
  readonly methods: ReadonlyMap<string, TestMethod>;
  readonly onCall: (call: IncomingCall) => void;
  readonly onEvent: (topic: string, payload: unknown) => void;
  readonly onSubscribe: (topic: string) => void;
  readonly onUnsubscribe: (topic: string) => void;
  readonly onEnded: () => void;
  readonly report: (error: unknown) => void;
}

export function openTestChannel(options: TestChannelOptions): Channel {
  const { contract, clock, report } = options;
  const guard = createContractGuard(contract, options.can);

  const call = (incoming: IncomingCall): unknown => {
    options.onCall(incoming);
    const builtIn = options.builtIn(incoming);
    if (builtIn) return builtIn.handler();
    const { method: name } = incoming;
    const definition = guard.method(name, "methods");
    const method = options.methods.get(name);
    if (!method) {
      throw new BridgeError("CALL_METHOD_UNKNOWN", `The test host has no method "${name}".`);
    }
    return runChecked(name, definition, incoming.args, (args) =>
      Reflect.apply(method, incoming, args),
    );
  };

  const orRefuse = (topic: string, act: () => unknown): void => {
    const refuse = (error: unknown): void => {
      if (!BridgeError.is(error)) return report(error);
      channel.send(["refused", topic, toWireError(error, randomId())]);
    };
    const acted = new Promise((resolve) => {
      resolve(act());
    });
    acted.catch(refuse);
  };

  const channel = createChannel({
    port: options.port,
    clock,
    receive: createGate(CHANNEL_LIMITS, clock),
    handlers: {
      call,
      event: (topic, payload) =>
        orRefuse(topic, () =>
          chain(checkPayload(topic, guard.topic(topic), payload), (value) =>
            options.onEvent(topic, value),
          ),
        ),
      subscribe: (topic) =>
        orRefuse(topic, () => {
          guard.topic(topic);
          options.onSubscribe(topic);
        }),
      unsubscribe: options.onUnsubscribe,
      ended: options.onEnded,
      report,
    },
  });
  return channel;
}
