import { BridgeError } from "@breezeway/shared";
import { parseJsonWith } from "@breezeway/shared/schemas";
import type * as z from "zod/mini";

/** The largest body of any endpoint is two ids of 256 characters. */
export const MAX_BODY_BYTES = 16_384;

/**
 * The body as JSON of the given form.
 *
 * @throws {BridgeError} BODY_TOO_LARGE, REQUEST_MALFORMED
 */
export async function readJson<T>(request: Request, schema: z.ZodMiniType<T>): Promise<T> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    throw new BridgeError("REQUEST_MALFORMED", "request: content-type must be application/json.");
  }
  const text = await readText(request);
  return parseJsonWith(schema, text, { code: "REQUEST_MALFORMED", source: "request body" });
}

async function readText(request: Request): Promise<string> {
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (!(Number(declared) <= MAX_BODY_BYTES)) throw tooLarge();
    // An HTTP parser lets no more through than was declared, and reading in one go is much faster.
    const text = await request.text();
    if (text.length > MAX_BODY_BYTES) throw tooLarge();
    return text;
  }
  if (!request.body) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Nobody said how long it is: what arrives is counted.
  for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(): BridgeError {
  return new BridgeError("BODY_TOO_LARGE", `The body is larger than ${MAX_BODY_BYTES} bytes.`);
}
