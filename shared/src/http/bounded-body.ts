/**
 * Reads the body of an answer from outside up to a limit. `Response.text()` and `json()` would read any
 * number of bytes into memory, and a compressed answer may unpack to a thousand times its size.
 */

/** The part of a `Response` that has its body. */
export interface AnswerWithBody {
  readonly body: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
      cancel(): Promise<void>;
    };
  } | null;
}

/** @returns whether the body ended within `maxBytes`; otherwise it is cancelled */
async function take(
  { body }: AnswerWithBody,
  maxBytes: number,
  onChunk: (chunk: Uint8Array) => void,
): Promise<boolean> {
  // Not every browser iterates over a stream.
  const reader = body?.getReader();
  for (let left = maxBytes; reader;) {
    const { done, value } = await reader.read();
    if (done || !value) break;
    left -= value.byteLength;
    if (left < 0) {
      await reader.cancel();
      return false;
    }
    onChunk(value);
  }
  return true;
}

/** The text of a body, or `undefined` when it has more than `maxBytes`. */
export async function readBoundedText(
  answer: AnswerWithBody,
  maxBytes: number,
): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  const isWhole = await take(answer, maxBytes, (chunk) => {
    text += decoder.decode(chunk, { stream: true });
  });
  return isWhole ? text + decoder.decode() : undefined;
}

/** The bytes of a body, or `undefined` when there are more than `maxBytes`. */
export async function readBoundedBytes(
  answer: AnswerWithBody,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const isWhole = await take(answer, maxBytes, (chunk) => {
    chunks.push(chunk);
    size += chunk.byteLength;
  });
  if (!isWhole) return undefined;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
