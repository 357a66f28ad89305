export { createTextPort } from "./webview/text-port.ts";
export type { TextPort } from "./webview/text-port.ts";
export { decodeText, encodeText } from "./webview/text-codec.ts";
export { parseWebViewMessage, WEB_VIEW } from "./webview/messages.ts";
export type { WebViewMessage } from "./webview/messages.ts";
