/**
 * Names that cross the bridge. They are looked up in maps, never as properties, so a name such as
 * `constructor` finds nothing. The patterns keep logs and error texts readable.
 */

const METHOD = /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/;
const TOPIC = /^[a-z][a-z0-9-]{0,31}(?:\.[a-z0-9-]{1,31})*:[a-z][a-z0-9-]{0,31}$/;

/** True for a method name: a letter, then up to 63 letters, digits, or `_ . : -`. */
export function isMethodName(value: unknown): value is string {
  return typeof value === "string" && METHOD.test(value);
}

/** True for a topic or a capability, `resource:action` in lower case. */
export function isTopic(value: unknown): value is string {
  return typeof value === "string" && value.length <= 128 && TOPIC.test(value);
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
} as const;

/** True for a name that contracts and handlers may not take. */
export function isBuiltInMethod(name: string): boolean {
  return Object.values<string>(BUILT_IN_METHODS).includes(name);
}
