/** The guest place in an iframe of this page. An iframe that is moved in the page gets a new window. */
import { linkFrame } from "../transport/frame-link.ts";
import type { OpenGuestPlace } from "../transport/guest-place.ts";
import { createFrame } from "./create-frame.ts";
import { explainSilence } from "./explain-silence.ts";
import { watchFrame } from "./frame-watch.ts";

/** @param container The iframe becomes its last child. */
export function framePlace(container: Element): OpenGuestPlace {
  return ({ app, url: firstUrl, clock, onHello, onLoad, onAnswer, onLeft }) => {
    let url = firstUrl;
    const element = createFrame(app, url);
    let greetedWindow: Window | null = null;
    let hasLoaded = false;
    let seenOrigin: string | undefined;
    const watch = watchFrame(element, onLeft);

    const link = linkFrame({
      frameWindow: () => element.contentWindow,
      origin: app.origin,
      clock,
      onHello(hello, port) {
        greetedWindow = element.contentWindow;
        watch.start();
        seenOrigin = undefined;
        return onHello(hello, port);
      },
      onAnswer,
      onSeen: (origin) => (seenOrigin = origin),
    });

    // The frame holds this listener, and with it the link. So both live as long as the frame is in the
    // page or in use, and no longer.
    const loaded = (): void => {
      watch.start();
      hasLoaded = true;
      onLoad(element.contentWindow !== greetedWindow);
    };

    element.addEventListener("load", loaded);
    container.append(element);
    watch.start();

    const startAgain = (): void => {
      hasLoaded = false;
      seenOrigin = undefined;
    };

    return {
      element,
      get hasLeft() {
        return watch.hasLeft;
      },
      leave() {
        watch.stop();
        link.reset();
      },
      ask: (question) => link.ask(question),
      explainSilence: () =>
        explainSilence({
          appOrigin: app.origin,
          hostOrigin: window.origin,
          isInPage: element.isConnected,
          hasLoaded,
          seenOrigin: readableOrigin(element) ?? seenOrigin,
          isIsolated: crossOriginIsolated && !element.hasAttribute("credentialless"),
        }),
      reload() {
        startAgain();
        reloadFrame(element, url);
      },
      show(next) {
        startAgain();
        url = next;
        showInFrame(element, url);
      },
      close() {
        watch.stop();
        link.close();
        element.removeEventListener("load", loaded);
        element.remove();
      },
    };
  };
}

/**
 * Loads another page without a new entry in the history. The frame keeps the page's address as its `src`, which it loads
 * when it is moved in the page.
 */
function showInFrame(element: HTMLIFrameElement, url: string): void {
  const { parentNode, nextSibling } = element;
  // Outside of the page, `src` loads nothing.
  element.remove();
  element.src = url;
  parentNode?.insertBefore(element, nextSibling);
}

/** The origin of this page, when the frame shows a document of it other than the empty one of a new frame. */
function readableOrigin({ contentDocument }: HTMLIFrameElement): string | undefined {
  if (contentDocument === null || contentDocument.URL === "about:blank") return undefined;
  return window.origin;
}

/** Loads the page again without a new entry in the history, which setting `src` would add. */
function reloadFrame(element: HTMLIFrameElement, url: string): void {
  const { contentWindow, parentNode } = element;
  // A document that differs from the page by its fragment only would not load again. The same frame,
  // inserted again, gets a new window and loads its `src` into it.
  if (url.includes("#")) parentNode?.insertBefore(element, element.nextSibling);
  else contentWindow?.location.replace(url);
}
