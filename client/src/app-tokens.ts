/** The tokens of one app in a program: on demand, and as a stream that renews ahead of expiry. */
import { createStore, streamOf, type Readable } from "@breezeway/shared/channel";
import { createTokenSource, type TokenSourceDeps } from "@breezeway/shared/session";

export interface AppTokens {
  get(): Promise<string>;
  replace(rejected: string): Promise<string>;
  stream(): AsyncIterableIterator<string | null>;
  /** The session has changed or ended. */
  reset(isSignedIn: boolean): void;
  close(): void;
}

export interface AppTokensDeps extends TokenSourceDeps {
  /** Renews ahead of expiry while a stream is open. */
  readonly polling: boolean;
  readonly isSignedIn: () => boolean;
}

export function createAppTokens(deps: AppTokensDeps): AppTokens {
  const source = createTokenSource(deps);
  /** `undefined` while somebody is signed in and no token has arrived yet. */
  const latest = createStore<string | null | undefined>(deps.isSignedIn() ? undefined : null);
  const life = new AbortController();
  let openStreams = 0;
  const stopFollowing = source.follow({
    get wantsTokens() {
      return deps.polling && openStreams > 0;
    },
    onToken: ({ token }) => latest.set(token),
  });

  const keep = async (grant: Promise<{ readonly token: string }>): Promise<string> => {
    const { token } = await grant;
    latest.set(token);
    return token;
  };
  const get = (): Promise<string> => keep(source.get());
  /** Fills the stream. It takes no failures: the renewal retries, or the session has ended. */
  const fill = (): void => void get().catch(() => undefined);

  /** What a stream reads. It counts the streams, since only open streams are worth a renewal. */
  const known: Readable<string | null> = {
    get current() {
      return latest.current ?? null;
    },
    subscribe(listener) {
      openStreams += 1;
      const unsubscribe = latest.subscribe((token) => {
        if (token !== undefined) listener(token);
      });
      if (deps.isSignedIn()) {
        fill();
        source.wake();
      }
      return () => {
        openStreams -= 1;
        unsubscribe();
      };
    },
  };

  return {
    get,
    replace: (rejected) => keep(source.replace(rejected)),
    stream: () => streamOf(known, life.signal),
    reset(isSignedIn) {
      latest.set(isSignedIn ? undefined : null);
      source.reset(isSignedIn);
      if (isSignedIn && openStreams > 0) fill();
    },
    close() {
      life.abort();
      stopFollowing();
      source.close();
    },
  };
}
