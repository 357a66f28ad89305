/**
 * An app in a frame of this page. A frame that is moved in the page has a new window; the link
 * follows it.
 */
import { linkFrame, type FrameLink } from "../transport/frame-link.ts";
import type { OpenSurface } from "../transport/guest-surface.ts";
import { createFrame } from "./create-frame.ts";

/** @param container the frame becomes its last child */
export function frameSurface(container: Element): OpenSurface {
  return ({ app, url, onHello, onLoad }) => {
    const element = createFrame(app, url);
    let link: FrameLink | undefined;
    let linkedWindow: Window | null = null;

    const follow = (): void => {
      const frameWindow = element.contentWindow;
      if (frameWindow === null || frameWindow === linkedWindow) return;
      link?.close();
      linkedWindow = frameWindow;
      link = linkFrame({ frameWindow, origin: app.origin, onHello });
    };

    const loaded = (): void => {
      const isMoved = element.contentWindow !== linkedWindow;
      follow();
      onLoad(isMoved);
    };

    element.addEventListener("load", loaded);
    container.append(element);
    follow();

    return {
      element,
      reload() {
        element.src = url;
      },
      close() {
        link?.close();
        element.removeEventListener("load", loaded);
        element.remove();
      },
    };
  };
}
