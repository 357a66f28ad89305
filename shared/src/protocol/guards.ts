import type { WireError } from "../errors/bridge-error.ts";

/** A plain object, not an array and not `null`. Its members are unknown until they are checked. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a window or a port would take it. Always, where nothing is ever sent to one: React Native. */
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
