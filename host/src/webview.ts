export { createWebView } from "./webview/web-view.ts";
export { soloTabs } from "./tabs/tabs.ts";
export type { WebViewEvent, WebViewHandle, WebViewOptions } from "./webview/web-view.ts";
