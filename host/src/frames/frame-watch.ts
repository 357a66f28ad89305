/**
 * Notices that a frame has left the page: alone, with its container, or with any other ancestor, also
 * across shadow trees. It observes the child lists of the ancestors only, since no other change removes
 * the frame, so other changes of the page cost nothing.
 */

export interface FrameWatch {
  /** Watches the frame from now on, if it is in the page. */
  start(): void;
  /** Whether the frame was in the page when the watch started, and is not any more. */
  readonly hasLeft: boolean;
  stop(): void;
}

/** @param onLeft Called when the frame has left. A frame that is moved within one task has not. */
export function watchFrame(element: Element, onLeft: () => void): FrameWatch {
  let isWatching = false;
  const observer = new MutationObserver(() => {
    if (element.isConnected) observeAncestors(observer, element);
    else if (isWatching) onLeft();
  });

  return {
    start() {
      if (!element.isConnected) return;
      isWatching = true;
      observeAncestors(observer, element);
    },
    get hasLeft() {
      return isWatching && !element.isConnected;
    },
    stop() {
      isWatching = false;
      observer.disconnect();
    },
  };
}

function observeAncestors(observer: MutationObserver, element: Element): void {
  observer.disconnect();
  for (const ancestor of ancestorsOf(element)) observer.observe(ancestor, { childList: true });
}

function* ancestorsOf(element: Element): Iterable<Node> {
  let node: Node | null = element;
  while (node) {
    node = node instanceof ShadowRoot ? node.host : node.parentNode;
    if (node) yield node;
  }
}
