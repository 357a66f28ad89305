/**
 * Encodes values as text, for a pipe that carries only text. The format is JSON plus `undefined`, which
 * every call without a result needs. Values that JSON would change silently (a Date, a Map, a buffer,
 * NaN) are refused, as structured clone refuses a function.
 */
const UNDEFINED = "$undefined";

/** @throws {TypeError} for a value that would not arrive unchanged */
export function encodeText(value: unknown): string {
  return JSON.stringify(plain(value));
}

/** @throws {SyntaxError} */
export function decodeText(text: string): unknown {
  return JSON.parse(text, function (key, value: unknown) {
    // A reviver that returns undefined removes the member; in a list that leaves a hole, which reads
    // as undefined.
    if (!isMarker(value)) return value;
    if (Array.isArray(this)) (this as unknown[])[Number(key)] = undefined;
    return undefined;
  });
}

function plain(value: unknown): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      break;
    case "undefined":
      return { [UNDEFINED]: 0 };
    case "object":
      if (value === null) return null;
      if (Array.isArray(value)) return Array.from(value, plain);
      if (isPlainObject(value) && !Object.hasOwn(value, UNDEFINED)) return plainMembers(value);
      break;
    default:
      break;
  }
  throw new TypeError(
    "A WebView carries only JSON values and undefined, and this value is neither.",
  );
}

function plainMembers(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function isMarker(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.hasOwn(value, UNDEFINED) &&
    Object.keys(value).length === 1
  );
}
