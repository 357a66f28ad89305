/** Reads the demo's manifests and points their URLs at the guests' current addresses. */
import { readManifests } from "@breezeway/issuer/node";
import { createAppRegistry, parseManifest, type AppRegistry } from "@breezeway/shared/schemas";
import { GUESTS, type Addresses } from "./addresses.ts";

/**
 * @throws {BridgeError} MANIFEST_INVALID, with file and field, when a manifest is malformed
 * @throws {BridgeError} CONFIG_INVALID, when the folder cannot be read
 */
export function readApps(directory: string, addresses: Addresses): AppRegistry {
  const found = readManifests(directory).sort((a, b) => rank(a.id) - rank(b.id));
  const apps = found.map(({ origin: _, ...manifest }) => {
    const guest = GUESTS.find((id) => id === manifest.id);
    if (guest === undefined) return parseManifest(manifest, manifest.id);
    const { pathname } = new URL(manifest.url);
    return parseManifest({ ...manifest, url: addresses[guest].origin + pathname }, manifest.id);
  });
  return createAppRegistry(apps);
}

/** Position in the sidebar. Added apps come last. */
function rank(appId: string): number {
  const index = GUESTS.findIndex((id) => id === appId);
  return index === -1 ? GUESTS.length : index;
}
