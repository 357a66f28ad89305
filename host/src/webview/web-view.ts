/**
 * An app in a WebView of a native host (react-native-webview): text in one direction, injected script
 * in the other.
 *
 * [WV-3] Only messages that the WebView says come from the app's origin are read.
 * [WV-4] Injected script does nothing unless the document that runs it has the app's origin: the
 *        WebView may have gone elsewhere since, and a welcome has a token in it.
 * [WV-5] The pipe is open to every frame of the page on some platforms. A hello carries the nonce, a
 *        later message the channel's random name; both are told to the main frame only.
 * [WV-6] A message that is too long is not even parsed. It ends the channel when it has the channel's
 *        name in it, and is nothing when it has not: any frame could have sent it.
 * [WV-7] Only so many hellos are answered in a second; the latest always is.
 */
import { BridgeError, CHANNEL_LIMITS, originOf, parseHello, type Refusal } from "@breezeway/shared";
import { randomId, toWireError } from "@breezeway/shared/channel";
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

/** The part of the event of `onMessage` that is used. */
export interface WebViewEvent {
  readonly nativeEvent: { readonly data: string; readonly url: string };
}

export interface WebViewOptions {
  /** `(script) => ref.current?.injectJavaScript(script)`: runs it in the main frame's document. */
  readonly inject: (script: string) => void;
  /** `() => ref.current?.reload()` */
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

export function createWebView({ inject, reload }: WebViewOptions): WebViewHandle {
  const nonce = randomId();
  let mounted: GuestPlaceOptions | undefined;
  let throttle: Throttle | undefined;
  let channel: OpenChannel | undefined;

  const guarded = (script: string): string =>
    mounted ? `if(location.origin===${JSON.stringify(mounted.app.origin)}){${script}}true;` : "";

  const send = (message: WebViewMessage): void => {
    const detail = JSON.stringify(encodeText(message));
    inject(
      guarded(`window.dispatchEvent(new CustomEvent("${WEB_VIEW.message}",{detail:${detail}}))`),
    );
  };

  const bootScript = (): string =>
    guarded(
      `Object.defineProperty(window,"${WEB_VIEW.nonce}",{value:"${nonce}",configurable:true});` +
        `window.dispatchEvent(new Event("${WEB_VIEW.ready}"))`,
    );

  const openChannel = (): { channel: OpenChannel; release: () => void } => {
    const name = randomId();
    // What the host says at once goes after the welcome, as it would on a port.
    let waiting: unknown[] | undefined = [];
    const opened = createTextPort(
      (message) => {
        // Refused here and now when it cannot travel, whether it waits or not.
        encodeText(message);
        if (waiting) waiting.push(message);
        else send({ type: "data", channel: name, message });
      },
      () => send({ type: "close", channel: name }),
    );
    const release = (): void => {
      const early = waiting ?? [];
      waiting = undefined;
      for (const message of early) send({ type: "data", channel: name, message });
    };
    return { channel: { ...opened, name }, release };
  };

  const answerHello = async (id: string, value: unknown): Promise<void> => {
    if (!mounted) return;
    const { channel: opened, release } = openChannel();
    try {
      const welcome = await mounted.onHello(parseHello(value), opened.port);
      channel = opened;
      send({ type: "welcome", id, channel: opened.name, welcome });
      release();
    } catch (error) {
      const welcome: Refusal = { ok: false, error: toWireError(error, randomId()) };
      send({ type: "welcome", id, channel: opened.name, welcome });
    }
  };

  return {
    place(options) {
      if (mounted) throw new BridgeError("CONFIG_INVALID", "This WebView has an app already.");
      mounted = options;
      const { clock } = options;
      throttle = createHandshakeThrottle(clock);
      return {
        element: undefined,
        reload,
        close() {
          throttle?.close();
          channel?.lose();
          channel = undefined;
          mounted = undefined;
        },
      };
    },
    get url() {
      return mounted?.url ?? "";
    },
    get bootScript() {
      return bootScript();
    },
    onMessage({ nativeEvent: { data, url } }) {
      if (!mounted || originOf(url) !== mounted.app.origin) return;
      // One per character, as every message is measured.
      if (data.length > CHANNEL_LIMITS.maxMessageBytes) {
        if (channel !== undefined && data.includes(channel.name)) channel.lose();
        return;
      }
      const message = parseWebViewMessage(data);
      if (message?.type === "hello" && message.nonce === nonce) {
        const { id, hello } = message;
        throttle?.run(() => void answerHello(id, hello));
      } else if (message?.type === "data" && message.channel === channel?.name) {
        channel.receive(message.message);
      } else if (message?.type === "close" && message.channel === channel?.name) {
        channel.lose();
      }
    },
    onLoadEnd() {
      if (!mounted) return;
      // Where the platform was late with `injectedJavaScriptBeforeContentLoaded`.
      inject(bootScript());
      mounted.onLoad(false);
    },
  };
}
