/** What travels between an app in a WebView and the native host around it, one text each. */
import { isRecord } from "../protocol/guards.ts";
import { decodeText } from "./text-codec.ts";

export const WEB_VIEW = {
  /** Global of the guest's page: the nonce that shows that a message comes from its main frame. */
  nonce: "breezewayHost",
  /** Event of the guest's window: the nonce is there. */
  ready: "breezewayhost",
  /** Event of the guest's window: a message of the host, as `detail`. */
  message: "breezeway",
} as const;

export type WebViewMessage =
  /** Guest → host. `id` tells the answers of several attempts apart. */
  | { readonly type: "hello"; readonly id: string; readonly nonce: string; readonly hello: unknown }
  /** Host → guest: the answer to a hello. */
  | {
      readonly type: "welcome";
      readonly id: string;
      readonly channel: string;
      readonly welcome: unknown;
    }
  /** `channel` is random, and known to the host and to the guest's main frame only. */
  | { readonly type: "data"; readonly channel: string; readonly message: unknown }
  | { readonly type: "close"; readonly channel: string };

/** `undefined` for anything that is not one of ours: the page may use the same pipe for itself. */
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
