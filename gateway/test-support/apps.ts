/** The apps of the test gateways. */
import type { ManifestInput } from "@breezeway/shared/schemas";
import { APP_ID, APP_ORIGIN } from "@breezeway/test-support/signer";

export const PANE_ORIGIN = "https://pane.example";

export const ORDERS_APP: ManifestInput = {
  id: APP_ID,
  name: "Orders",
  version: "1.0.0",
  url: `${APP_ORIGIN}/`,
  scopes: ["orders:read", "orders:write"],
};

export const PANE_APP: ManifestInput = {
  id: "customer-pane",
  name: "Customer pane",
  version: "1.0.0",
  url: `${PANE_ORIGIN}/`,
};
