/**
 * Names that cross the bridge. They are looked up in maps, never as properties, so a name such as
 * `constructor` finds nothing. The patterns keep logs and error texts readable.
 */

const NAME = /^[A-Za-z][A-Za-z0-9._:/-]{0,127}$/;
const RIGHT = /^[a-z][a-z0-9-]{0,31}(?:\.[a-z0-9-]{1,31})*:[a-z][a-z0-9-]{0,31}$/;

/** True for the name of a method or a topic: a letter, then up to 127 letters, digits, or `. _ : / -`. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

/** True for a capability or a scope: `resource:action` in lower case, at most 128 characters. */
export function isRight(value: unknown): value is string {
  return typeof value === "string" && value.length <= 128 && RIGHT.test(value);
}

/** Methods that every host has, whatever its contract. */
export const BUILT_IN_METHODS = {
  /** Returns a session token as text. */
  sessionToken: "getSessionToken",
  /** The same as `sessionToken`, under a second name that existing apps use. */
  appToken: "getAppToken",
  /** Ends the setup of an app. */
  setupCompleted: "setupCompleted",
  /** Returns a `TokenGrant`. The optional argument is the token that a service has just rejected. */
  tokenGrant: "bridge.token",
  /** Answers at once, to show that the other side is there. Both sides have it. */
  ping: "bridge.ping",
  /** Performs an HTTP request with the app's token, which never leaves the host. */
  fetch: "bridge.fetch",
  // Surfaces of the host's page; `surfaces.ts` has their arguments.
  navigate: "navigate",
  reportPath: "reportPath",
  resize: "resize",
  showToast: "showToast",
  confirm: "confirm",
  openModal: "openModal",
  closeModal: "closeModal",
  queryScopes: "queryScopes",
  requestScopes: "requestScopes",
} as const;

/** True for a name that contracts and handlers may not take. */
export function isBuiltInMethod(name: string): boolean {
  return Object.values<string>(BUILT_IN_METHODS).includes(name);
}
