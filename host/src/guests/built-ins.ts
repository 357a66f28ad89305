/** Methods that every host answers. Each call is answered for the app of the calling frame. */
import { BridgeError, BUILT_IN_METHODS } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { IncomingCall } from "@breezeway/shared/channel";
import type { TokenSource } from "@breezeway/shared/session";
import type { HostFetch } from "./host-fetch.ts";

type BuiltIn = (call: IncomingCall) => unknown;

export interface BuiltInsDeps {
  readonly app: RegisteredApp;
  /** The tokens of the document in the frame, bound to its key if it has named one. */
  readonly tokens: TokenSource;
  /** The app's tokens, bound to no key. The host has no key for the requests that it sends itself. */
  readonly sharedTokens: TokenSource;
  /** Methods that act on the host's page. */
  readonly surfaces: ReadonlyMap<string, BuiltIn>;
  /** The app gets no tokens. The host sends its requests instead. */
  readonly withholdTokens: boolean;
  readonly hostFetch: HostFetch;
  readonly onSetupCompleted:
    | ((app: RegisteredApp, result: unknown) => void | PromiseLike<void>)
    | undefined;
}

export function createBuiltIns(deps: BuiltInsDeps): ReadonlyMap<string, BuiltIn> {
  const { app, tokens } = deps;

  const assertTokens = (): void => {
    if (!deps.withholdTokens) return;
    throw new BridgeError(
      "DENIED",
      `${app.id} gets no tokens from this host. Use bridge.fetch(url, { via: "host" }).`,
    );
  };

  const sessionToken: BuiltIn = async () => {
    assertTokens();
    return (await tokens.get()).token;
  };

  const tokenGrant: BuiltIn = ({ args: [rejected] }) => {
    assertTokens();
    if (rejected === undefined) return tokens.get();
    if (typeof rejected === "string") return tokens.replace(rejected);
    throw new BridgeError("CALL_ARGUMENTS_INVALID", "The rejected token must be a string.");
  };

  return new Map<string, BuiltIn>([
    ...deps.surfaces,
    [BUILT_IN_METHODS.sessionToken, sessionToken],
    [BUILT_IN_METHODS.appToken, sessionToken],
    [BUILT_IN_METHODS.tokenGrant, tokenGrant],
    [BUILT_IN_METHODS.fetch, (call) => deps.hostFetch(call, deps.sharedTokens)],
    [BUILT_IN_METHODS.ping, () => true],
    [
      BUILT_IN_METHODS.setupCompleted,
      async ({ args: [result] }) => {
        await deps.onSetupCompleted?.(app, result);
      },
    ],
  ]);
}
