/**
 * Names that cross the bridge. They are looked up in maps, never as properties, so a name such as
 * `constructor` finds nothing; the patterns keep logs and error texts readable.
 */

const METHOD = /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/;
const TOPIC = /^[a-z][a-z0-9-]{0,31}(?:\.[a-z0-9-]{1,31})*:[a-z][a-z0-9-]{0,31}$/;

/** True for a method name: a letter, then up to 63 letters, digits, or `_ . : -`. */
export function isMethodName(value: unknown): value is string {
  return typeof value === "string" && METHOD.test(value);
}

/** True for a topic or a capability: `resource:action` in lower case. */
export function isTopic(value: unknown): value is string {
  return typeof value === "string" && value.length <= 128 && TOPIC.test(value);
}
