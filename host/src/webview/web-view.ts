/**
 * An app in a WebView of a native host (react-native-webview). The guest sends text, the host injects
 * script.
 *
 * [WV-3] The host reads a message only if the WebView reports the app's origin as its sender.
 * [WV-4] Injected script does nothing unless the document that runs it has the app's origin: the WebView
 *        may have navigated since, and a welcome contains a token.
 * [WV-5] On some platforms every frame of the page can send messages. A hello carries the nonce, a later
 *        message the channel's random name. Only the main frame knows either.
 * [WV-6] A message with neither nonce nor name is not parsed, and an oversized one neither. The latter ends
 *        the channel if it contains the channel's name; any frame could have sent the former.
 * [WV-7] A token bucket limits how many hellos are answered. The latest is always answered.
 * [WV-8] A token bucket of bytes limits how much text is parsed. A flood ends like an oversized message.
 */
import { BridgeError, CHANNEL_LIMITS, originOf, parseHello, type Refusal } from "@breezeway/shared";
import { createBudget, randomId, toWireError, type Budget } from "@breezeway/shared/channel";
import {
  createTextPort,
  encodeText,
  parseWebViewMessage,
  WEB_VIEW,
  type TextPort,
  type WebViewMessage,
} from "@breezeway/shared/webview";
import { createHandshakeThrottle, type Throttle } from "../transport/throttle.ts";
import type { OpenGuestPlace, GuestPlaceOptions } from "../transport/guest-place.ts";

/** The part of the `onMessage` event that the host uses. */
export interface WebViewEvent {
  readonly nativeEvent: { readonly data: string; readonly url: string };
}

export interface WebViewOptions {
  /** Runs script in the main frame: `(script) => ref.current?.injectJavaScript(script)` */
  readonly inject: (script: string) => void;
  /** Reloads the WebView: `() => ref.current?.reload()` */
  readonly reload: () => void;
}

export interface WebViewHandle {
  /** `host.mount("orders", { place: view.place })` */
  readonly place: OpenGuestPlace;
  /** `source={{ uri: view.url }}`; empty before the mount. */
  readonly url: string;
  /** `injectedJavaScriptBeforeContentLoaded={view.bootScript}`; empty before the mount. */
  readonly bootScript: string;
  /** `onMessage={view.onMessage}` */
  readonly onMessage: (event: WebViewEvent) => void;
  /** `onLoadEnd={view.onLoadEnd}` */
  readonly onLoadEnd: () => void;
}

interface OpenChannel extends TextPort {
  readonly name: string;
}

interface ViewState {
  readonly nonce: string;
  mounted: GuestPlaceOptions | undefined;
  throttle: Throttle | undefined;
  texts: Budget | undefined;
  channel: OpenChannel | undefined;
}

export function createWebView({ inject, reload }: WebViewOptions): WebViewHandle {
  const state: ViewState = {
    nonce: randomId(),
    mounted: undefined,
    throttle: undefined,
    texts: undefined,
    channel: undefined,
  };

  const send = (message: WebViewMessage): void => {
    const detail = JSON.stringify(encodeText(message));
    const event = `new CustomEvent("${WEB_VIEW.message}",{detail:${detail}})`;
    inject(guarded(state, `window.dispatchEvent(${event})`));
  };

  return {
    place(options) {
      if (state.mounted) {
        throw new BridgeError("CONFIG_INVALID", "This WebView already shows an app.");
      }
      state.mounted = options;
      state.throttle = createHandshakeThrottle(options.clock);
      const { byteBurst, maxBytesPerSecond } = CHANNEL_LIMITS;
      state.texts = createBudget(options.clock, byteBurst, maxBytesPerSecond);
      return {
        element: undefined,
        reload,
        close() {
          state.throttle?.close();
          state.channel?.lose();
          state.channel = undefined;
          state.mounted = undefined;
        },
      };
    },
    get url() {
      return state.mounted?.url ?? "";
    },
    get bootScript() {
      return bootScript(state);
    },
    onMessage({ nativeEvent: { data, url } }) {
      if (state.mounted && originOf(url) === state.mounted.app.origin) receive(state, send, data);
    },
    onLoadEnd() {
      if (!state.mounted) return;
      // Some platforms run `injectedJavaScriptBeforeContentLoaded` too late.
      inject(bootScript(state));
      state.mounted.onLoad(false);
    },
  };
}

type Send = (message: WebViewMessage) => void;

/** Wraps script so that it runs on the app's origin only. */
function guarded({ mounted }: ViewState, script: string): string {
  if (!mounted) return "";
  return `if(location.origin===${JSON.stringify(mounted.app.origin)}){${script}}true;`;
}

function bootScript(state: ViewState): string {
  return guarded(
    state,
    `Object.defineProperty(window,"${WEB_VIEW.nonce}",{value:"${state.nonce}",configurable:true});` +
      `window.dispatchEvent(new Event("${WEB_VIEW.ready}"))`,
  );
}

function receive(state: ViewState, send: Send, data: string): void {
  const { channel, texts } = state;
  const isForChannel = channel !== undefined && data.includes(channel.name);
  // A text of any other frame is not parsed, and does not use up the budget of the main frame.
  if (!isForChannel && !data.includes(state.nonce)) return;
  const isFlood = texts !== undefined && texts.left() < 0;
  // Counts one byte per character, as for every message.
  texts?.spend(data.length);
  if (isFlood || data.length > CHANNEL_LIMITS.maxMessageBytes) {
    if (isForChannel) channel.lose();
    return;
  }
  const message = parseWebViewMessage(data);
  if (message?.type === "hello" && message.nonce === state.nonce) {
    const { id, hello } = message;
    state.throttle?.run(() => void answerHello(state, send, { id, hello }));
  } else if (message?.type === "data" && message.channel === channel?.name) {
    channel.receive(message.message);
  } else if (message?.type === "close" && message.channel === channel?.name) {
    channel.lose();
  }
}

async function answerHello(
  state: ViewState,
  send: Send,
  { id, hello }: { readonly id: string; readonly hello: unknown },
): Promise<void> {
  if (!state.mounted) return;
  const { channel, release } = openChannel(send);
  try {
    const welcome = await state.mounted.onHello(parseHello(hello), channel.port);
    state.channel = channel;
    send({ type: "welcome", id, channel: channel.name, welcome });
    release();
  } catch (error) {
    const welcome: Refusal = { ok: false, error: toWireError(error, randomId()) };
    send({ type: "welcome", id, channel: channel.name, welcome });
  }
}

function openChannel(send: Send): { readonly channel: OpenChannel; readonly release: () => void } {
  const name = randomId();
  // Messages that the host sends at once follow the welcome, as they would on a message port.
  let waiting: unknown[] | undefined = [];
  const opened = createTextPort(
    (message) => {
      // Throws at once for a message that cannot be encoded, even if the message has to wait.
      encodeText(message);
      if (waiting) waiting.push(message);
      else send({ type: "data", channel: name, message });
    },
    () => send({ type: "close", channel: name }),
  );
  return {
    channel: { ...opened, name },
    release() {
      const early = waiting ?? [];
      waiting = undefined;
      for (const message of early) send({ type: "data", channel: name, message });
    },
  };
}
