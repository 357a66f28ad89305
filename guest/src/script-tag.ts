/**
 * The SDK for pages without a build step:
 *
 *     <script src="breezeway.js" data-host-origins="https://shell.example"></script>
 *     <script type="module">
 *       const bridge = await Breezeway.createAppBridge();
 *     </script>
 *
 * This is the only entry with an effect when it loads: it sets `window.Breezeway`.
 */
import * as api from "./index.ts";
import * as ui from "./ui.ts";

type Api = typeof api & typeof ui;

declare global {
  // `var`, because TypeScript adds only these to `globalThis`.
  var Breezeway: Api;
}

// Defined and not assigned, since an element with this id or name would take its place.
Object.defineProperty(globalThis, "Breezeway", {
  value: Object.freeze({ ...api, ...ui }),
  configurable: true,
});
