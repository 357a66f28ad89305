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
import * as Breezeway from "./index.ts";

declare global {
  interface Window {
    readonly Breezeway: typeof Breezeway;
  }
}

// Defined rather than assigned: an element with this id or name would be found in its place.
Object.defineProperty(window, "Breezeway", {
  value: Object.freeze({ ...Breezeway }),
  configurable: true,
});
