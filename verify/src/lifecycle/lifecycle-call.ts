/** What is read of a call, and how it is got from the requests that there are. */
import type { IncomingMessage } from "node:http";
import { BridgeError, isRecord } from "@breezeway/shared";
import { MAX_LIFECYCLE_BODY_BYTES } from "@breezeway/shared/schemas";
import type { RequestParts } from "../guard/request-parts.ts";

/** A request whose body was read already, such as in a function-as-a-service. */
export interface LifecycleCall {
  /** By lower-case names, as Node has them, or a `Headers`. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body exactly as it arrived: parsed and written anew it is another one. */
  readonly rawBody: string | Uint8Array;
}

/** @throws {BridgeError} CONFIG_INVALID when the body is not what arrived */
export function bodyOf({ rawBody }: LifecycleCall): Buffer {
  if (typeof rawBody === "string") return Buffer.from(rawBody);
  if (rawBody instanceof Uint8Array) return Buffer.from(rawBody);
  throw new BridgeError(
    "CONFIG_INVALID",
    "verifyLifecycle: rawBody: must be the body as it arrived, as text or bytes; is a JSON parser in front?",
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
      const most = `more than ${MAX_LIFECYCLE_BODY_BYTES} bytes`;
      throw new BridgeError("BODY_TOO_LARGE", `The body of the call has ${most}.`);
    }
    read.push(chunk);
  }
  return Buffer.concat(read);
}

/** The body of a Node request: read here, or kept as `rawBody` by whoever has read it. */
export async function bodyOfNodeRequest(request: IncomingMessage): Promise<string | Uint8Array> {
  const kept = isRecord(request) ? request["rawBody"] : undefined;
  if (typeof kept === "string" || kept instanceof Uint8Array) return kept;
  if (request.readableEnded) {
    throw new BridgeError(
      "CONFIG_INVALID",
      "verifyLifecycle: the body was read before: mount the handler ahead of JSON parsers, or keep the bytes as request.rawBody.",
    );
  }
  return readBounded(request);
}
