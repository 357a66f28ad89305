/** A request that the host performs for a guest, and its response. Bodies are moved, not copied. */
import { isRecord } from "./guards.ts";

export interface HostFetchRequest {
  /** Absolute, or relative to the gateway. */
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: ArrayBuffer | null;
}

export interface HostFetchResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: ArrayBuffer;
}

export function isHostFetchRequest(value: unknown): value is HostFetchRequest {
  return (
    isRecord(value) &&
    typeof value["url"] === "string" &&
    typeof value["method"] === "string" &&
    isHeaderList(value["headers"]) &&
    (value["body"] === null || value["body"] instanceof ArrayBuffer)
  );
}

function isHeaderList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (header) =>
        Array.isArray(header) &&
        header.length === 2 &&
        header.every((part) => typeof part === "string"),
    )
  );
}
