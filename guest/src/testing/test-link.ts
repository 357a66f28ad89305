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

/** Attempts of the guest that the host has not answered yet. */
type WaitingAttempts = Map<Promise<Greeting>, () => void>;

interface LinkDeps {
  readonly waiting: WaitingAttempts;
  readonly isAway: () => boolean;
  /** @throws {BridgeError} The code with which the host refuses the guest */
  readonly answer: (hello: Hello) => Greeting;
}

/** The link of one document. */
type DocumentLink = HostLink & { isGone: boolean };

export function createTestLink(deps: TestLinkDeps): TestLink {
  const waiting: WaitingAttempts = new Map();
  let pipe: MessagePipe | undefined;
  let isAway = false;
  let refusal: ErrorCode | undefined;

  const refuseOr = (hello: Hello): unknown => {
    try {
      if (refusal) throw new BridgeError(refusal, "The test made the host refuse this guest.");
      return deps.welcome(hello, negotiateProtocol(PROTOCOL_RANGE, hello.protocol));
    } catch (error) {
      return { ok: false, error: toWireError(error, randomId()) };
    }
  };

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

  const linkDeps: LinkDeps = { waiting, isAway: () => isAway, answer };
  let current = createDocumentLink(linkDeps);

  return {
    get current() {
      return current;
    },
    get isAway() {
      return isAway;
    },
    set isAway(value) {
      isAway = value;
      for (const attempt of [...waiting.values()]) attempt();
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
      current = createDocumentLink(linkDeps);
    },
    settled: () => pipe?.settled() ?? nextTask(),
  };
}

function createDocumentLink({ waiting, isAway, answer }: LinkDeps): DocumentLink {
  const link: DocumentLink = {
    isGone: false,
    watch: () => () => undefined,
    greet: ({ hello, timeoutMs, clock }: GreetOptions): Attempt => {
      let timer: unknown;
      const { promise, resolve, reject } = Promise.withResolvers<Greeting>();
      const cancel = (): void => {
        waiting.delete(promise);
        clock.clearTimer(timer);
      };
      waiting.set(promise, () => {
        if (isAway() || link.isGone) return;
        cancel();
        try {
          resolve(answer(hello));
        } catch (error) {
          reject(error);
        }
      });
      if (timeoutMs !== Infinity) {
        timer = clock.setTimer(() => {
          cancel();
          reject(new BridgeError("HANDSHAKE_TIMEOUT", "The test made the host unreachable."));
        }, timeoutMs);
      }
      queueMicrotask(() => waiting.get(promise)?.());
      return { greeting: promise, cancel };
    },
  };
  return link;
}
