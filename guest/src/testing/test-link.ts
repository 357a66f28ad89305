/** The link from the guest under test to the test host, in place of `window.parent`. */
import {
  BridgeError,
  parseHello,
  parseWelcome,
  PROTOCOL_RANGE,
  negotiateProtocol,
  type ErrorCode,
  type Hello,
  type Welcome,
} from "@breezeway/shared";
import { randomId, toWireError, type ChannelPort, type Clock } from "@breezeway/shared/channel";
import {
  createMessagePipe,
  nextTask,
  type MessagePipe,
  type PipeConditions,
} from "@breezeway/shared/testing";
import type { Attempt, GreetOptions, Greeting, HostLink } from "../transport/host-link.ts";

export interface TestLinkDeps {
  readonly clock: Clock;
  readonly conditions: () => PipeConditions;
  readonly welcome: (hello: Hello, protocol: number) => Welcome;
  /** Opens the host's end of a new channel. */
  readonly open: (port: ChannelPort, hello: Hello) => void;
}

export interface TestLink {
  /** The link of the guest's current document. */
  readonly current: HostLink;
  /** While `true`, the host answers no handshake. */
  isAway: boolean;
  /** Code with which handshakes are refused; `undefined`: they are not. */
  refusal: ErrorCode | undefined;
  /** Breaks the channel without a close frame. */
  cut(): void;
  /** Replaces the guest's document. Bridges of the old one stay disconnected. */
  renew(): void;
  settled(): Promise<void>;
}

export function createTestLink(deps: TestLinkDeps): TestLink {
  const waiting = new Set<() => void>();
  let pipe: MessagePipe | undefined;
  let isAway = false;
  let refusal: ErrorCode | undefined;

  const answer = (hello: Hello): Greeting => {
    // As on the wire: messages are copies, and the receiver parses them.
    const parsed = parseHello(structuredClone(hello));
    const welcome = parseWelcome(structuredClone(refuseOr(parsed)));
    if (!welcome.ok) throw BridgeError.fromWire(welcome.error);
    pipe?.cut();
    pipe = createMessagePipe(deps.clock, deps.conditions);
    const [ours, theirs] = pipe.ports;
    deps.open(ours, parsed);
    return { welcome, port: theirs };
  };

  const refuseOr = (hello: Hello): unknown => {
    try {
      if (refusal) throw new BridgeError(refusal, "The test made the host refuse this guest.");
      return deps.welcome(hello, negotiateProtocol(PROTOCOL_RANGE, hello.protocol));
    } catch (error) {
      return { ok: false, error: toWireError(error, randomId()) };
    }
  };

  const createLink = (): HostLink & { isGone: boolean } => {
    const link = {
      isGone: false,
      watch: () => () => undefined,
      greet: ({ hello, timeoutMs, clock }: GreetOptions): Attempt => {
        let timer: unknown;
        const { promise, resolve, reject } = Promise.withResolvers<Greeting>();
        const attempt = (): void => {
          if (isAway || link.isGone) return;
          cancel();
          try {
            resolve(answer(hello));
          } catch (error) {
            reject(error);
          }
        };
        const cancel = (): void => {
          waiting.delete(attempt);
          clock.clearTimer(timer);
        };
        waiting.add(attempt);
        if (timeoutMs !== Infinity) {
          timer = clock.setTimer(() => {
            cancel();
            reject(new BridgeError("HANDSHAKE_TIMEOUT", "The test made the host unreachable."));
          }, timeoutMs);
        }
        queueMicrotask(() => {
          if (waiting.has(attempt)) attempt();
        });
        return { greeting: promise, cancel };
      },
    };
    return link;
  };

  let current = createLink();

  return {
    get current() {
      return current;
    },
    get isAway() {
      return isAway;
    },
    set isAway(value) {
      isAway = value;
      for (const attempt of [...waiting]) attempt();
    },
    get refusal() {
      return refusal;
    },
    set refusal(value) {
      refusal = value;
    },
    cut: () => pipe?.cut(),
    renew() {
      current.isGone = true;
      pipe?.cut();
      current = createLink();
    },
    settled: () => pipe?.settled() ?? nextTask(),
  };
}
