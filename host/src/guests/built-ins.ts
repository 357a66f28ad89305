/** Methods that every host answers, for the app of the frame that calls and for no other. */
import { BridgeError, BUILT_IN_METHODS } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { IncomingCall } from "@breezeway/shared/channel";
import type { TokenSource } from "../tokens/token-source.ts";
import type { HostFetch } from "./host-fetch.ts";

export interface BuiltInsOptions {
  readonly app: RegisteredApp;
  /** Those of the document in the frame, bound to its key if it has named one. */
  readonly tokens: TokenSource;
  /** Those of the app, bound to no key: for requests that the host performs, which has no key. */
  readonly sharedTokens: TokenSource;
  /** Those that act on the host's page. */
  readonly surfaces: readonly (readonly [name: string, method: BuiltIn])[];
  /** The app gets no tokens, only requests that the host performs. */
  readonly withholdTokens: boolean;
  readonly hostFetch: HostFetch;
  readonly onSetupCompleted:
    ((app: RegisteredApp, result: unknown) => void | PromiseLike<void>) | undefined;
}

type BuiltIn = (call: IncomingCall) => unknown;

export function createBuiltIns(options: BuiltInsOptions): ReadonlyMap<string, BuiltIn> {
  const { app, tokens } = options;
  const assertTokens = (): void => {
    if (!options.withholdTokens) return;
    throw new BridgeError(
      "DENIED",
      `${app.id} gets no tokens; use bridge.fetch(url, { via: "host" }).`,
    );
  };
  const token: BuiltIn = async () => {
    assertTokens();
    return (await tokens.get()).token;
  };
  return new Map<string, BuiltIn>([
    ...options.surfaces,
    [BUILT_IN_METHODS.sessionToken, token],
    [BUILT_IN_METHODS.appToken, token],
    [
      BUILT_IN_METHODS.tokenGrant,
      ({ args: [rejected] }) => {
        assertTokens();
        if (rejected === undefined) return tokens.get();
        if (typeof rejected === "string") return tokens.replace(rejected);
        throw new BridgeError("CALL_ARGUMENTS_INVALID", "The refused token is not a text.");
      },
    ],
    [BUILT_IN_METHODS.fetch, (call) => options.hostFetch(call, options.sharedTokens)],
    [BUILT_IN_METHODS.ping, () => true],
    [
      BUILT_IN_METHODS.setupCompleted,
      async ({ args: [result] }) => {
        await options.onSetupCompleted?.(app, result);
      },
    ],
  ]);
}
