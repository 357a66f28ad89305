/**
 * Asks the document in a frame, through the frame's window, whether it is still the one that was
 * welcomed.
 *
 * [PC-1] The browser vouches for window and origin of an answer. So no other window can answer, not even
 *        one to which the document has given its port.
 * [PC-2] After a `load` event the answer is due soon. Otherwise a few questions may stay unanswered,
 *        since a document that is busy or stopped at a breakpoint answers late.
 * [PC-3] A question is random, so that no document can answer it before it leaves the frame.
 */
import { presenceQuestion } from "@breezeway/shared";
import { randomId, type Clock } from "@breezeway/shared/channel";

// A page that never finishes loading fires no `load` event. These two notice it within 20 s.
const ASK_EVERY_MS = 5_000;
const MAX_UNANSWERED = 3;

// A document answers within a few milliseconds, unless it is busy.
const DUE_AFTER_LOAD_MS = 2_000;

export interface PresenceCheckDeps {
  readonly clock: Clock;
  /** Sends the question to the frame's window, for a document of the app's origin only. */
  readonly ask: (question: string) => void;
}

export interface PresenceCheck {
  /**
   * Asks the document with this id from now on.
   *
   * @param onAbsent Called once, when the document does not answer.
   */
  start(documentId: string, onAbsent: () => void): void;
  /** The frame has fired a `load` event. Asks at once. */
  loaded(): void;
  /** A document of the app's origin in the frame has returned this text. */
  answered(text: string): void;
  stop(): void;
}

export function createPresenceCheck({ clock, ask }: PresenceCheckDeps): PresenceCheck {
  let documentId = "";
  let onAbsent = (): void => undefined;
  let question: string | undefined;
  let unanswered = 0;
  let nextTimer: unknown;
  let dueTimer: unknown;

  const stop = (): void => {
    question = undefined;
    unanswered = 0;
    clock.clearTimer(nextTimer);
    clock.clearTimer(dueTimer);
  };

  const absent = (): void => {
    stop();
    onAbsent();
  };

  const askAnew = (): void => {
    question = presenceQuestion(documentId) + randomId();
    ask(question);
  };

  const askLater = (): void => {
    nextTimer = clock.setTimer(() => {
      if (question !== undefined) unanswered += 1;
      if (unanswered >= MAX_UNANSWERED) return absent();
      if (question === undefined) askAnew();
      else ask(question);
      askLater();
    }, ASK_EVERY_MS);
  };

  return {
    start(id, whenAbsent) {
      stop();
      documentId = id;
      onAbsent = whenAbsent;
      askLater();
    },
    loaded() {
      clock.clearTimer(dueTimer);
      dueTimer = clock.setTimer(absent, DUE_AFTER_LOAD_MS);
      askAnew();
    },
    answered(text) {
      if (text !== question) return;
      question = undefined;
      unanswered = 0;
      clock.clearTimer(dueTimer);
    },
    stop,
  };
}
