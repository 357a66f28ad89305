/**
 * react-native-webview without a device: documents that are loaded one after another, a pipe for
 * text
 * out of them, and script that is injected into the document that is loaded when it arrives.
 */
import { createContext, runInContext } from "node:vm";
import type { WebViewEvent } from "@breezeway/host/webview";
import type { WebViewPage } from "@breezeway/guest/webview";

export interface FakeDocument {
  readonly page: WebViewPage;
  /**
   * The rights of a cross-origin frame inside the document: it can use the pipe and reads nothing.
   */
  readonly postFromFrame: (text: string) => void;
}

export interface FakeWebView {
  readonly inject: (script: string) => void;
  /** Loads a document; the host's boot script runs first, then `run`, then the host receives the load event. */
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
