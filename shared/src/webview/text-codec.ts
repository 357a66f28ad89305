/**
 * Encodes values as text, for a pipe that carries only text. The format is JSON plus `undefined`, which
 * every call without a result needs. Values that JSON would change silently (a Date, a Map, a buffer,
 * NaN) are refused, as structured clone refuses a function.
 */
const UNDEFINED = "$undefined";

// Paths of usual values are shorter. Keys can be of any length.
const MAX_PATH_LENGTH = 128;

/** @throws {TypeError} for a value that would not arrive unchanged */
export function encodeText(value: unknown): string {
  return JSON.stringify(plain(value, ""));
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

/** @param path Of the value, for the error: `.message[0].when` */
function plain(value: unknown, path: string): unknown {
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
      if (Array.isArray(value)) {
        return Array.from(value, (item, index) => plain(item, `${path}[${index}]`));
      }
      if (isPlainObject(value) && !Object.hasOwn(value, UNDEFINED)) {
        return plainMembers(value, path);
      }
      break;
    default:
      break;
  }
  throw new TypeError(
    `a WebView carries only JSON values and undefined, and the member at ${path.slice(0, MAX_PATH_LENGTH)} is neither.`,
  );
}

function plainMembers(value: object, path: string): object {
  const members = Object.entries(value);
  return Object.fromEntries(members.map(([key, member]) => [key, plain(member, `${path}.${key}`)]));
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
