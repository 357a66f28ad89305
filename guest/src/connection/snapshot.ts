/** What the host keeps up to date here: set by the welcome, then by state frames. */
import {
  isGuestSession,
  isTextArray,
  isTheme,
  isTokenGrant,
  type GuestSession,
  type StateKey,
  type Theme,
  type TokenGrant,
  type Welcome,
} from "@breezeway/shared";
import { createStore, type Store } from "@breezeway/shared/channel";

export interface Snapshot {
  readonly context: Store<unknown>;
  readonly theme: Store<Theme>;
  readonly locale: Store<string>;
  readonly session: Store<GuestSession | null>;
  readonly capabilities: Store<readonly string[]>;
  readonly token: Store<TokenGrant | null>;
  apply(welcome: Welcome): void;
  /** False when the value does not fit the key; nothing is changed then. */
  update(key: StateKey, value: unknown): boolean;
}

export function createSnapshot(): Snapshot {
  const context = createStore<unknown>(undefined);
  const theme = createStore<Theme>({ scheme: "light" });
  const locale = createStore("en");
  const session = createStore<GuestSession | null>(null);
  const capabilities = createStore<readonly string[]>([]);
  const token = createStore<TokenGrant | null>(null);

  const update = (key: StateKey, value: unknown): boolean => {
    switch (key) {
      case "context":
        context.set(value);
        return true;
      case "theme":
        return isTheme(value) && put(theme, value);
      case "locale":
        return typeof value === "string" && put(locale, value);
      case "session":
        return (value === null || isGuestSession(value)) && put(session, value);
      case "capabilities":
        return isTextArray(value) && put(capabilities, value);
      case "token":
        return (value === null || isTokenGrant(value)) && put(token, value);
    }
  };

  return {
    context,
    theme,
    locale,
    session,
    capabilities,
    token,
    update,
    apply(welcome) {
      capabilities.set(welcome.capabilities);
      context.set(welcome.context);
      theme.set(welcome.theme);
      locale.set(welcome.locale);
      // The token goes first: whoever is told of a new session can use it at once.
      token.set(welcome.token);
      session.set(welcome.session);
    },
  };
}

function put<T>(store: Store<T>, value: T): true {
  store.set(value);
  return true;
}
