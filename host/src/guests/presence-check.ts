/**
 * Asks through a frame's window whether a document of its app is still in it. A document of the same app
 * that came after the welcomed one answers too, and says hello, which ends the channel before it.
 *
 * [PC-1] The browser vouches for window and origin of an answer. So no other window can answer, not even
 *        one to which the document has given its port.
 * [PC-2] After a `load` event the answer is due soon. Otherwise a few questions may stay unanswered,
 *        since a document that is busy or stopped at a breakpoint answers late.
 *        A timer that fires late shows that this page was the busy one. Answers may wait behind it, so they
 *        get the same time once more.
 * [PC-3] A question is random, so that no document can answer it before it leaves the frame.
 */
import { PRESENCE_QUESTION } from "@breezeway/shared";
import { randomId, type Clock } from "@breezeway/shared/channel";

// A page that never finishes loading fires no `load` event. These two notice it within 20 s.
const ASK_EVERY_MS = 5_000;
const MAX_UNANSWERED = 3;

// A document answers within a few milliseconds, unless it is busy.
const DUE_AFTER_LOAD_MS = 2_000;

// Far above the delay of a timer in a page that is not busy.
const LATE_MS = 500;

export interface PresenceCheckDeps {
  readonly clock: Clock;
  /** Sends the question to the frame's window, for a document of the app's origin only. */
  readonly ask: (question: string) => void;
}

export interface PresenceCheck {
  /** Asks from now on, and calls `onAbsent` once when nobody answers. */
  start(onAbsent: () => void): void;
  /** The frame has fired a `load` event. Asks at once. */
  loaded(): void;
  /** A document of the app's origin in the frame has returned this text. */
  answered(text: string): void;
  stop(): void;
}

export function createPresenceCheck({ clock, ask }: PresenceCheckDeps): PresenceCheck {
  let onAbsent = (): void => undefined;
  let question: string | undefined;
  let unanswered = 0;
  let cancelNext = (): void => undefined;
  let cancelDue = (): void => undefined;

  const stop = (): void => {
    question = undefined;
    unanswered = 0;
    cancelNext();
    cancelDue();
  };

  const absent = (): void => {
    stop();
    onAbsent();
  };

  const askAnew = (): void => {
    question = PRESENCE_QUESTION + randomId();
    ask(question);
  };

  const askLater = (): void => {
    cancelNext = afterAnswers(clock, ASK_EVERY_MS, () => {
      if (question !== undefined) unanswered += 1;
      if (unanswered >= MAX_UNANSWERED) return absent();
      if (question === undefined) askAnew();
      else ask(question);
      askLater();
    });
  };

  return {
    start(whenAbsent) {
      stop();
      onAbsent = whenAbsent;
      askLater();
    },
    loaded() {
      cancelDue();
      cancelDue = afterAnswers(clock, DUE_AFTER_LOAD_MS, absent);
      askAnew();
    },
    answered(text) {
      if (text !== question) return;
      question = undefined;
      unanswered = 0;
      cancelDue();
    },
    stop,
  };
}

/** @returns a function that prevents the call */
function afterAnswers(clock: Clock, ms: number, call: () => void): () => void {
  let timer: unknown;
  const set = (whenLate: () => void): void => {
    const dueAtMs = clock.monotonic() + ms;
    timer = clock.setTimer(() => {
      if (clock.monotonic() - dueAtMs > LATE_MS) whenLate();
      else call();
    }, ms);
  };
  set(() => set(call));
  return () => clock.clearTimer(timer);
}
