/**
 * What `<breezeway-my-sessions>` shows, without a page.
 *
 * [MS-1] A list stays visible while it is read again; a failure of that replaces nothing.
 * [MS-2] An answer that another question has overtaken is discarded.
 * [MS-3] The session that follows a sign-out or sign-in is another one: its list is read again.
 */
import { BridgeError } from "@breezeway/shared";
import type { HostSession, SessionDevice } from "@breezeway/host";

export type SessionListView =
  | { readonly is: "loading" }
  | { readonly is: "signed-out" }
  | { readonly is: "failed"; readonly error: BridgeError }
  | { readonly is: "shown"; readonly sessions: readonly SessionDevice[] };

export type ListedSession = Pick<
  HostSession,
  "answer" | "devices" | "endOther" | "endOthers" | "subscribe"
>;

export interface SessionList {
  readonly view: SessionListView;
  /** Reads the list. Never rejects. */
  load(): Promise<void>;
  /** Ends one session, which may have ended already. @throws {BridgeError} */
  endOther(handle: string): Promise<void>;
  /** @returns how many have ended @throws {BridgeError} */
  endOthers(): Promise<number>;
  close(): void;
}

export function createSessionList(session: ListedSession, changed: () => void): SessionList {
  let view: SessionListView = { is: "loading" };
  let generation = 0;

  const show = (next: SessionListView): void => {
    view = next;
    changed();
  };

  const load = async (): Promise<void> => {
    generation += 1;
    const own = generation;
    if (view.is !== "shown") show({ is: "loading" });
    try {
      const sessions = await session.devices();
      if (own === generation) show({ is: "shown", sessions });
    } catch (thrown) {
      if (own !== generation) return;
      const error = asBridgeError(thrown);
      if (error.code === "SIGNED_OUT") show({ is: "signed-out" });
      else if (view.is !== "shown") show({ is: "failed", error });
    }
  };

  let handle = session.answer.current?.handle;
  const unsubscribe = session.answer.subscribe((answer) => {
    if (answer?.handle === handle && view.is !== "signed-out") return;
    handle = answer?.handle;
    generation += 1;
    show({ is: answer === null ? "signed-out" : "loading" });
    if (answer) void load();
  });

  return {
    get view() {
      return view;
    },
    load,
    async endOther(ended) {
      try {
        await session.endOther(ended);
      } catch (thrown) {
        if (asBridgeError(thrown).details["reason"] !== "session-unknown") throw thrown;
      }
      await load();
    },
    async endOthers() {
      const count = await session.endOthers();
      await load();
      return count;
    },
    close: unsubscribe,
  };
}

function asBridgeError(thrown: unknown): BridgeError {
  if (BridgeError.is(thrown)) return thrown;
  return new BridgeError("INTERNAL_ERROR", "The sessions cannot be read.", { cause: thrown });
}
