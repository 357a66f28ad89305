/** Messages of a guest or a host, with what a WebView's text makes of them. */
import { parseHello, parseWelcome } from "../../../shared/src/protocol/handshake.ts";
import { parseMessage } from "../../../shared/src/protocol/frames.ts";
import { decodeText, encodeText } from "../../../shared/src/webview/text-codec.ts";
import { parseWebViewMessage } from "../../../shared/src/webview/messages.ts";
import { acceptedBy, invariant } from "../target.ts";

const MAX_FRAMES = 100;

export function fuzz(data: Buffer): void {
  const text = data.toString("utf8");
  parseWebViewMessage(text);
  const value = decoded(text);
  if (value === undefined) return;
  const again = encodeText(value);
  invariant(encodeText(decodeText(again)) === again, "text is decoded to what was encoded");
  const frames = acceptedBy(() => parseMessage(value, MAX_FRAMES));
  invariant(frames === undefined || frames.length <= MAX_FRAMES, "a message has a bounded length");
  acceptedBy(() => parseHello(value));
  acceptedBy(() => parseWelcome(value));
}

function decoded(text: string): unknown {
  try {
    return decodeText(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
