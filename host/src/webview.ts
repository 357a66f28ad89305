export { createWebView } from "./webview/web-view.ts";
export type { WebViewEvent, WebViewHandle, WebViewOptions } from "./webview/web-view.ts";
