/**
 * Uses and replaces the session secret.
 *
 * [SR-1] Changes of the secret happen one after the other, or one would undo the other. A refresh is
 *        single flight.
 * [SR-2] When the issuer answers 401 to the current secret, the session is over and is forgotten. A 401
 *        to a secret that was replaced meanwhile, here or by another program, is retried once, with the
 *        new one.
 * [SR-3] A new secret that arrives after the user has signed out is not kept, but ended.
 */
import { BridgeError } from "@breezeway/shared";
import type { IssuerCalls, OpenedSession } from "./issuer-calls.ts";
import type { SessionKeeper } from "./session-keeper.ts";
import type { SignOuts } from "./sign-outs.ts";

/** Calls the issuer with the current secret. */
export interface Access {
  /** @throws {BridgeError} SIGNED_OUT, and whatever the call throws */
  readonly use: <T>(call: (secret: string) => Promise<T>) => Promise<T>;
}

export function createAccess(keeper: SessionKeeper): Access {
  return {
    async use(call) {
      await keeper.sync();
      const { secret } = keeper;
      if (secret === undefined) throw signedOut();
      try {
        return await call(secret);
      } catch (error) {
        if (!BridgeError.is(error) || error.code !== "SIGNED_OUT") throw error;
        await keeper.sync();
        const next = keeper.secret;
        if (next !== undefined && next !== secret) return call(next);
        if (next === secret) await keeper.forget();
        throw error;
      }
    },
  };
}

export interface SecretChanges {
  /** Runs the change after all earlier ones. */
  readonly inTurn: <T>(change: () => Promise<T>) => Promise<T>;
  /** Takes the secret that the call brings. */
  readonly rotate: (call: (secret: string) => Promise<OpenedSession>) => Promise<OpenedSession>;
  readonly refresh: () => Promise<OpenedSession>;
}

export interface SecretChangesDeps {
  readonly access: Access;
  readonly calls: Pick<IssuerCalls, "refresh">;
  readonly keeper: SessionKeeper;
  readonly signOuts: Pick<SignOuts, "add">;
}

interface ChangesState {
  /** The last change. Never rejects. */
  last: Promise<void>;
  refresh: Promise<OpenedSession> | undefined;
}

export function createSecretChanges(deps: SecretChangesDeps): SecretChanges {
  const { access, calls, keeper, signOuts } = deps;
  const state: ChangesState = { last: Promise.resolve(), refresh: undefined };

  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const turn = state.last.then(change);
    state.last = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  };

  const rotate: SecretChanges["rotate"] = (call) =>
    inTurn(async () => {
      let used: string | undefined;
      const opened = await access.use((secret) => {
        used = secret;
        return call(secret);
      });
      if (keeper.secret === used) {
        await keeper.open(opened);
        return opened;
      }
      signOuts.add(opened.secret);
      throw signedOut();
    });

  return {
    inTurn,
    rotate,
    refresh() {
      state.refresh ??= rotate(calls.refresh).finally(() => {
        state.refresh = undefined;
      });
      return state.refresh;
    },
  };
}

function signedOut(): BridgeError {
  return new BridgeError("SIGNED_OUT", "Nobody is signed in.");
}
