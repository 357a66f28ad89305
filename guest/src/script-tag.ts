/**
 * The SDK for pages without a build step:
 *
 *     <script src="breezeway.js" data-host-origins="https://shell.example"></script>
 *     <script type="module">
 *       const bridge = await Breezeway.createAppBridge();
 *     </script>
 *
 * The one entry that does something when it is loaded: it sets `window.Breezeway`.
 */
import * as api from "./index.ts";
import * as ui from "./ui.ts";

type Api = typeof api & typeof ui;

declare global {
  // `var`: only then it is a member of `globalThis` for TypeScript.
  var Breezeway: Api;
}

// Defined rather than assigned: an element with this id or name would be found in its place.
Object.defineProperty(globalThis, "Breezeway", {
  value: Object.freeze({ ...api, ...ui }),
  configurable: true,
});
