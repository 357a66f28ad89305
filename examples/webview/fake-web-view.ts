/**
 * react-native-webview without a device: documents that are loaded one after another, a pipe for text
 * out of them, and script that is injected into whichever of them is there when it arrives.
 */
import { createContext, runInContext } from "node:vm";
import type { WebViewEvent } from "@breezeway/host/webview";
import type { WebViewPage } from "@breezeway/guest/webview";

export interface FakeDocument {
  readonly page: WebViewPage;
  /** What a frame of another origin inside the document can do: use the pipe, see nothing. */
  readonly postFromFrame: (text: string) => void;
}

export interface FakeWebView {
  readonly inject: (script: string) => void;
  /** Loads a document; the host's boot script runs first, then `run`, then the host hears of it. */
  load(url: string, run?: (document: FakeDocument) => void): FakeDocument;
  readonly injected: readonly string[];
  readonly posted: readonly string[];
}

export interface FakeWebViewOptions {
  readonly bootScript: () => string;
  readonly onMessage: (event: WebViewEvent) => void;
  readonly onLoadEnd: () => void;
  /** `false`: the platform runs the boot script too late, as old versions of Android do. */
  readonly bootsInTime?: boolean;
}

export function createFakeWebView(options: FakeWebViewOptions): FakeWebView {
  const injected: string[] = [];
  const posted: string[] = [];
  let currentUrl = "about:blank";
  let run: (script: string) => void = () => undefined;

  const post = (text: string): void => {
    posted.push(text);
    // Neither direction is synchronous on a device.
    setImmediate(() => options.onMessage({ nativeEvent: { data: text, url: currentUrl } }));
  };

  return {
    injected,
    posted,
    inject(script) {
      injected.push(script);
      setImmediate(() => run(script));
    },
    load(url, start) {
      const window = Object.assign(new EventTarget(), {
        ReactNativeWebView: { postMessage: post },
      });
      const context = createContext({
        window,
        location: { origin: new URL(url).origin },
        CustomEvent,
        Event,
        Object,
      });
      currentUrl = url;
      run = (script) => void runInContext(script, context);
      const document = { page: window, postFromFrame: post };
      if (options.bootsInTime ?? true) run(options.bootScript());
      start?.(document);
      setImmediate(() => options.onLoadEnd());
      return document;
    },
  };
}
