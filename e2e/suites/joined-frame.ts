/** Joins a real host's guest place and a real guest's link in memory, as a frame without a browser. */
import type { Greeting, HostLink, PageLifeListener } from "@breezeway/guest";
import type { OpenGuestPlace, GuestPlaceOptions } from "@breezeway/host";
import { parseHello, parseWelcome, type Welcome } from "@breezeway/shared";
import type { Clock } from "@breezeway/shared/channel";
import { createMessagePipe, type MessagePipe } from "@breezeway/shared/testing";

export interface JoinedFrame {
  readonly place: OpenGuestPlace;
  /** The link of the document that is now in the frame. */
  readonly link: HostLink;
  /** Breaks the channel without a close message. */
  cut(): void;
  /** Unloads the document, with or without a close message. `link` is then that of the next document. */
  reload(options: { readonly isAnnounced: boolean }): void;
  /** Fires the load event of the current document. */
  loaded(): void;
}

export function joinFrame(clock: Clock): JoinedFrame {
  let mounted: GuestPlaceOptions | undefined;
  let pipe: MessagePipe | undefined;
  let life: PageLifeListener | undefined;

  const openDocument = (): HostLink => {
    const link: HostLink = {
      watch(listener) {
        life = listener;
        return () => undefined;
      },
      greet({ hello }) {
        const opened = createMessagePipe(clock, () => ({ delayMs: 0, isDropping: false }));
        const [theirs, ours] = opened.ports;
        const answer = async (): Promise<Greeting> => {
          try {
            const said = await mounted?.onHello(parseHello(structuredClone(hello)), theirs);
            if (current === link && said) return { welcome: welcomeOf(said), port: ours };
          } catch (error) {
            if (current === link) throw error;
          }
          // The unloaded document receives nothing, and its end of the channel is closed.
          opened.cut();
          return new Promise(() => undefined);
        };
        pipe = opened;
        return { greeting: answer(), cancel: () => undefined };
      },
    };
    return link;
  };

  let current = openDocument();

  return {
    place(options) {
      mounted = options;
      return {
        element: undefined,
        reload: () => undefined,
        close() {
          pipe?.cut();
          mounted = undefined;
        },
      };
    },
    get link() {
      return current;
    },
    cut: () => pipe?.cut(),
    reload({ isAnnounced }) {
      if (isAnnounced) life?.onLeaving();
      current = openDocument();
      pipe?.cut();
    },
    loaded: () => mounted?.onLoad(false),
  };
}

function welcomeOf(said: Welcome): Welcome {
  const welcome = parseWelcome(structuredClone(said));
  if (welcome.ok) return welcome;
  throw new Error("Expected the host's answer to be a welcome.");
}
