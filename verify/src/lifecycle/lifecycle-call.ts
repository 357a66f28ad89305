/** The parts of a call that are verified, and how to take them from requests. */
import type { IncomingMessage } from "node:http";
import { BridgeError, isRecord } from "@breezeway/shared";
import { MAX_LIFECYCLE_BODY_BYTES } from "@breezeway/shared/schemas";
import type { RequestParts } from "../guard/request-parts.ts";

/** A request whose body was already read, such as in a function-as-a-service. */
export interface LifecycleCall {
  /** A `Headers` object, or an object with lower-case names as Node has it. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body exactly as it arrived. A parsed and serialised body has other bytes. */
  readonly rawBody: string | Uint8Array;
}

/** @throws {BridgeError} CONFIG_INVALID, when the body was parsed */
export function bodyOf({ rawBody }: LifecycleCall): Buffer {
  if (typeof rawBody === "string") return Buffer.from(rawBody);
  if (rawBody instanceof Uint8Array) return Buffer.from(rawBody);
  throw new BridgeError(
    "CONFIG_INVALID",
    "verifyLifecycle: rawBody: must be the unparsed body, as a string or bytes. Pass it before a JSON parser reads it.",
  );
}

export function partsOfCall({ headers }: LifecycleCall): RequestParts {
  return {
    method: "POST",
    header(name) {
      if (headers instanceof Headers) return headers.get(name) ?? undefined;
      const value = headers[name];
      return typeof value === "string" || value === undefined ? value : value.join(", ");
    },
  };
}

/** @throws {BridgeError} BODY_TOO_LARGE */
export async function readBounded(
  chunks: AsyncIterable<Uint8Array> | null | undefined,
): Promise<Buffer> {
  const read: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks ?? []) {
    size += chunk.byteLength;
    if (size > MAX_LIFECYCLE_BODY_BYTES) {
      const message = `The body of the call is larger than ${MAX_LIFECYCLE_BODY_BYTES} bytes.`;
      throw new BridgeError("BODY_TOO_LARGE", message);
    }
    read.push(chunk);
  }
  return Buffer.concat(read);
}

/** Reads the body of a Node request, or takes the bytes that an earlier parser kept as `rawBody`. */
export async function bodyOfNodeRequest(request: IncomingMessage): Promise<string | Uint8Array> {
  const kept = isRecord(request) ? request["rawBody"] : undefined;
  if (typeof kept === "string" || kept instanceof Uint8Array) return kept;
  if (request.readableEnded) {
    throw new BridgeError(
      "CONFIG_INVALID",
      "verifyLifecycle: the body was already read. Mount the handler ahead of JSON parsers, or keep the bytes as request.rawBody.",
    );
  }
  return readBounded(request);
}
