/** The part of a React Native app that holds the session. Its screens show what `show` receives. */
import { createSession, type ClientSession, type SecureStorage } from "@breezeway/client";

export interface Platform {
  readonly issuer: string;
  /** The Keychain or the Keystore, through `react-native-keychain` or `expo-secure-store`. */
  readonly storage: SecureStorage;
  /** Called with each change: a state setter of the root component. */
  readonly show: (screen: Screen) => void;
}

export interface Screen {
  /** `null` when nobody is signed in. */
  readonly userId: string | null;
  /** For an HTTP client of your own. Never store it. */
  readonly token: string | null;
}

export function start({ issuer, storage, show }: Platform): ClientSession {
  const session = createSession({ issuer, storage, appId: "orders" });
  void showTokens(session, show);
  return session;
}

async function showTokens(session: ClientSession, show: Platform["show"]): Promise<void> {
  for await (const token of session.tokens()) {
    show({ userId: session.current?.userId ?? null, token });
  }
}
