import { BridgeError } from "@breezeway/shared";
import { parseJsonWith } from "@breezeway/shared/schemas";
import type * as z from "zod/mini";
import { REQUEST_LIMITS } from "../limits.ts";

const { maxBodyBytes } = REQUEST_LIMITS;

/**
 * Reads the body as JSON and parses it with the schema.
 *
 * @throws {BridgeError} BODY_TOO_LARGE, REQUEST_MALFORMED
 */
export async function readJson<T>(request: Request, schema: z.ZodMiniType<T>): Promise<T> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    throw new BridgeError(
      "REQUEST_MALFORMED",
      "request: the header Content-Type must be application/json.",
    );
  }
  const text = await readText(request);
  return parseJsonWith(schema, text, { code: "REQUEST_MALFORMED", source: "request body" });
}

async function readText(request: Request): Promise<string> {
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (!(Number(declared) <= maxBodyBytes)) throw tooLarge();
    // The HTTP parser passes no more than the declared length, and reading at once is much faster.
    const text = await request.text();
    if (text.length > maxBodyBytes) throw tooLarge();
    return text;
  }
  if (!request.body) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  // The length is not declared, so the bytes are counted as they arrive.
  for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(): BridgeError {
  return new BridgeError(
    "BODY_TOO_LARGE",
    `The request body is larger than ${maxBodyBytes} bytes.`,
  );
}
