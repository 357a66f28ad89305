export { isInWebView, webViewLink } from "./webview/web-view-link.ts";
export type { WebViewPage } from "./webview/web-view-link.ts";
