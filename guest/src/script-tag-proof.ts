/**
 * Proof of possession for pages without a build step, as a script of its own, so that nobody loads it who
 * does not use it:
 *
 *     <script src="breezeway.js" data-host-origins="https://shell.example"></script>
 *     <script src="breezeway-proof.js"></script>
 *     <script type="module">
 *       const proof = await BreezewayProof.createProof();
 *       const bridge = await Breezeway.createAppBridge({ proof });
 *     </script>
 *
 * It sets `window.BreezewayProof`, and needs no other script to be there first.
 */
import * as api from "./proof.ts";

declare global {
  // `var`: only then it is a member of `globalThis` for TypeScript.
  var BreezewayProof: typeof api;
}

// Defined rather than assigned: an element with this id or name would be found in its place.
Object.defineProperty(globalThis, "BreezewayProof", {
  value: Object.freeze({ ...api }),
  configurable: true,
});
