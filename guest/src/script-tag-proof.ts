/**
 * Proof of possession for pages without a build step. It is a separate script, so only pages that use
 * it load it:
 *
 *     <script src="breezeway.js" data-host-origins="https://shell.example"></script>
 *     <script src="breezeway-proof.js"></script>
 *     <script type="module">
 *       const proof = await BreezewayProof.createProof();
 *       const bridge = await Breezeway.createAppBridge({ proof });
 *     </script>
 *
 * It sets `window.BreezewayProof`, and does not depend on another script.
 */
import * as api from "./proof.ts";

declare global {
  // `var`, because TypeScript adds only these to `globalThis`.
  var BreezewayProof: typeof api;
}

// Defined and not assigned, since an element with this id or name would take its place.
Object.defineProperty(globalThis, "BreezewayProof", {
  value: Object.freeze({ ...api }),
  configurable: true,
});
