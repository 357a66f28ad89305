/**
 * A link to the native host around the WebView of this page (react-native-webview).
 *
 * [WV-1] The app opts in, since there is no origin to pin: the owner of a WebView controls the page in
 *        it.
 * [WV-2] Events of this window come from the native host or from the page's own scripts. Frames of
 *        other origins inside the page cannot dispatch them.
 */
import { BridgeError, parseWelcome } from "@breezeway/shared";
import { randomId } from "@breezeway/shared/channel";
import {
  createTextPort,
  encodeText,
  parseWebViewMessage,
  WEB_VIEW,
  type TextPort,
  type WebViewMessage,
} from "@breezeway/shared/webview";
import { WORDS } from "@breezeway/shared/words";
import type { Attempt, GreetOptions, Greeting, HostLink } from "../transport/host-link.ts";

/** The part of `window` that is used. */
export interface WebViewPage extends Pick<EventTarget, "addEventListener" | "removeEventListener"> {
  readonly ReactNativeWebView?: { postMessage(text: string): void };
  readonly [WEB_VIEW.nonce]?: unknown;
}

/** True in a WebView of React Native. It says nothing about the owner of the WebView. */
export function isInWebView(page: WebViewPage | undefined = globalWindow()): boolean {
  return page?.ReactNativeWebView !== undefined;
}

/**
 * Returns the link to the native host, for the option `link` of `createAppBridge`.
 *
 * @throws {BridgeError} HANDSHAKE_NOT_EMBEDDED, outside a WebView
 *
 * @example
 * const bridge = await createAppBridge(isInWebView() ? { link: webViewLink() } : { hostOrigins });
 */
export function webViewLink(page: WebViewPage | undefined = globalWindow()): HostLink {
  const pipe = page?.ReactNativeWebView;
  if (!page || !pipe) {
    throw new BridgeError(
      "HANDSHAKE_NOT_EMBEDDED",
      WORDS && "This page is not in a WebView. Open it inside its host.",
    );
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window: it takes a text
  const send = (message: WebViewMessage): void => pipe.postMessage(encodeText(message));
  return { greet: (options) => greet(page, send, options), watch: () => () => undefined };
}

function greet(
  page: WebViewPage,
  send: (message: WebViewMessage) => void,
  { hello, timeoutMs, clock }: GreetOptions,
): Attempt {
  const id = randomId();
  const { promise, resolve, reject } = Promise.withResolvers<Greeting>();
  const listening = new AbortController();
  let timer: unknown;
  let greeted: unknown;

  const cancel = (): void => {
    clock.clearTimer(timer);
    listening.abort();
  };

  const sayHello = (): void => {
    const nonce = page[WEB_VIEW.nonce];
    // Without a nonce the host is not ready. It announces itself by the event, and some hosts do so twice.
    if (typeof nonce !== "string" || nonce === greeted) return;
    greeted = nonce;
    send({ type: "hello", id, nonce, hello });
  };

  const onMessage = (event: Event): void => {
    const message = parseWebViewMessage((event as CustomEvent<unknown>).detail);
    if (message?.type !== "welcome" || message.id !== id) return;
    cancel();
    try {
      const welcome = parseWelcome(message.welcome);
      if (!welcome.ok) throw BridgeError.fromWire(welcome.error);
      resolve({ welcome, port: openPort(page, send, message.channel).port });
    } catch (error) {
      reject(error);
    }
  };

  page.addEventListener(WEB_VIEW.message, onMessage, { signal: listening.signal });
  page.addEventListener(WEB_VIEW.ready, sayHello, { signal: listening.signal });
  if (timeoutMs !== Infinity) {
    timer = clock.setTimer(() => {
      cancel();
      reject(
        new BridgeError(
          "HANDSHAKE_TIMEOUT",
          WORDS ? `No native host answered within ${timeoutMs} ms.` : [`${timeoutMs} ms`],
        ),
      );
    }, timeoutMs);
  }
  sayHello();
  return { greeting: promise, cancel };
}

function openPort(
  page: WebViewPage,
  send: (message: WebViewMessage) => void,
  channel: string,
): TextPort {
  const listening = new AbortController();
  const opened = createTextPort(
    (message) => send({ type: "data", channel, message }),
    () => {
      listening.abort();
      send({ type: "close", channel });
    },
  );
  const onMessage = (event: Event): void => {
    const message = parseWebViewMessage((event as CustomEvent<unknown>).detail);
    if (message?.type === "data" && message.channel === channel) opened.receive(message.message);
    else if (message?.type === "close" && message.channel === channel) opened.lose();
  };
  page.addEventListener(WEB_VIEW.message, onMessage, { signal: listening.signal });
  return opened;
}

function globalWindow(): WebViewPage | undefined {
  return typeof window === "undefined" ? undefined : window;
}
