/** A guest that uses the SDK correctly, but from a wrong origin. */
import { BridgeError, createAppBridge } from "@breezeway/guest";
import { arm } from "./attack-window.ts";

arm({
  async connect(timeoutMs) {
    try {
      const bridge = await createAppBridge({ handshakeTimeoutMs: timeoutMs });
      return { appId: bridge.appId, token: await bridge.getSessionToken() };
    } catch (error) {
      return { code: BridgeError.is(error) ? error.code : String(error) };
    }
  },
});
