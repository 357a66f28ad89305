/** The guest place in an iframe of this page. An iframe that is moved in the page gets a new window. */
import { linkFrame } from "../transport/frame-link.ts";
import type { OpenGuestPlace } from "../transport/guest-place.ts";
import { createFrame } from "./create-frame.ts";

/** @param container The iframe becomes its last child. */
export function framePlace(container: Element): OpenGuestPlace {
  return ({ app, url, clock, onHello, onLoad }) => {
    const element = createFrame(app, url);
    let greetedWindow: Window | null = null;

    const link = linkFrame({
      frameWindow: () => element.contentWindow,
      origin: app.origin,
      clock,
      onHello(hello, port) {
        greetedWindow = element.contentWindow;
        return onHello(hello, port);
      },
    });

    const loaded = (): void => onLoad(element.contentWindow !== greetedWindow);

    element.addEventListener("load", loaded);
    container.append(element);

    return {
      element,
      reload() {
        element.src = url;
      },
      close() {
        link.close();
        element.removeEventListener("load", loaded);
        element.remove();
      },
    };
  };
}
