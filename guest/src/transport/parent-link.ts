/**
 * The only file of the guest that touches `window.parent` and window messages. It finds the host,
 * pins its origin, and comes back with a welcome and a data port, or with a reason why not.
 *
 * [HS-1] Nobody but the direct parent, and only from an exact configured origin, is listened to.
 * [HS-2] Not embedded is an error at once, never a timeout: see `isEmbedded`.
 * [HS-3] Every attempt ends within its time; penpal alone would wait for ever.
 * [HS-4] Nothing of the guest is exposed to penpal: its method lookup walks prototypes.
 */
import {
  BridgeError,
  HANDSHAKE_CHANNEL,
  isRecord,
  parseWelcome,
  type Hello,
} from "@breezeway/shared";
import { connect, WindowMessenger } from "penpal";
import { fromPenpal, noAnswer } from "./from-penpal.ts";
import type { Attempt, GreetOptions, Greeting, HostLink } from "./host-link.ts";
import { watchPage } from "./page-life.ts";

// A type, because penpal wants an index signature, which an interface does not have.
type HostMethods = { hello(hello: Hello): unknown };

/** True when this page is inside a frame. Says nothing about who embeds it. */
export function isEmbedded(): boolean {
  return typeof window !== "undefined" && window.parent !== window;
}

/**
 * The page around this one, which the caller knows to be there.
 *
 * @param hostOrigins exact origins; the caller has checked them
 */
export function parentLink(hostOrigins: readonly string[]): HostLink {
  return { greet: (options) => greetParent(hostOrigins, options), watch: watchPage };
}

function greetParent(
  hostOrigins: readonly string[],
  { hello, timeoutMs, clock }: GreetOptions,
): Attempt {
  const connection = connect<HostMethods>({
    messenger: new WindowMessenger({
      remoteWindow: window.parent,
      allowedOrigins: [...hostOrigins],
    }),
    channel: HANDSHAKE_CHANNEL,
  });
  let timer: unknown;

  const cancel = (): void => {
    clock.clearTimer(timer);
    connection.destroy();
  };

  const greet = async (): Promise<Greeting> => {
    const host = await connection.promise;
    const answer = readAnswer(await host.hello(hello));
    cancel();
    return answer;
  };

  const greeting = new Promise<Greeting>((resolve, reject) => {
    const fail = (error: unknown): void => {
      cancel();
      reject(fromPenpal(error, timeoutMs));
    };
    if (timeoutMs !== Infinity) {
      timer = clock.setTimer(() => fail(noAnswer(timeoutMs)), timeoutMs);
    }
    greet().then(resolve, fail);
  });
  return { greeting, cancel };
}

function readAnswer(answer: unknown): Greeting {
  if (isRecord(answer)) {
    const welcome = parseWelcome(answer["welcome"]);
    if (!welcome.ok) throw BridgeError.fromWire(welcome.error);
    if (answer["port"] instanceof MessagePort) return { welcome, port: answer["port"] };
  }
  throw new BridgeError("FRAME_MALFORMED", "The host's welcome is malformed.");
}
