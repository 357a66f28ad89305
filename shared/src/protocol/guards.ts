import type { WireError } from "../errors/bridge-error.ts";

/** True for an object other than an array. Its members are unknown until they are checked. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for a value that `postMessage` can clone. Always true in React Native, which has no windows. */
export function isCloneable(value: unknown): boolean {
  if (typeof structuredClone === "undefined") return true;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

export function isWireError(value: unknown): value is WireError {
  return (
    isRecord(value) &&
    typeof value["code"] === "string" &&
    typeof value["message"] === "string" &&
    typeof value["correlationId"] === "string"
  );
}
