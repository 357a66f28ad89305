/** Messages between an app in a WebView and the native host around it. Each travels as text. */
import { isRecord } from "../protocol/guards.ts";
import { decodeText } from "./text-codec.ts";

export const WEB_VIEW = {
  /** Global in the guest's page: the nonce. It proves that a message comes from the main frame. */
  nonce: "breezewayHost",
  /** Event of the guest's window: the nonce is available. */
  ready: "breezewayhost",
  /** Event of the guest's window: a message of the host in `detail`. */
  message: "breezeway",
} as const;

export type WebViewMessage =
  /** Guest → host. `id` matches an answer to its attempt. */
  | { readonly type: "hello"; readonly id: string; readonly nonce: string; readonly hello: unknown }
  /** Host → guest: the answer to a hello. */
  | {
      readonly type: "welcome";
      readonly id: string;
      readonly channel: string;
      readonly welcome: unknown;
    }
  /** `channel` is random. Only the host and the guest's main frame know it. */
  | { readonly type: "data"; readonly channel: string; readonly message: unknown }
  | { readonly type: "close"; readonly channel: string };

/** Returns `undefined` for any foreign message, since the page may use the same pipe for its own. */
export function parseWebViewMessage(text: unknown): WebViewMessage | undefined {
  if (typeof text !== "string") return undefined;
  let value: unknown;
  try {
    value = decodeText(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { type, id, nonce, channel, hello, welcome, message } = value;
  if (type === "hello" && isText(id) && isText(nonce)) return { type, id, nonce, hello };
  if (!isText(channel)) return undefined;
  if (type === "welcome" && isText(id)) return { type, id, channel, welcome };
  if (type === "data") return { type, channel, message };
  if (type === "close") return { type, channel };
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= 128;
}
