import { BridgeError } from "../errors/bridge-error.ts";
import { shortened } from "../errors/quoted.ts";
import {
  isRegisteredApp,
  parseManifest,
  type ManifestInput,
  type RegisteredApp,
} from "./manifest.ts";

/** The apps that a host, an issuer or a gateway has registered. Immutable: a change makes a new registry. */
export interface AppRegistry {
  /** `undefined` for an id that is not registered. */
  get(appId: string): RegisteredApp | undefined;
  /** Apps of one origin. Several apps may share an origin. */
  byOrigin(origin: string): readonly RegisteredApp[];
  readonly all: readonly RegisteredApp[];
}

/**
 * @throws {BridgeError} MANIFEST_INVALID, naming the app and the field; also for two manifests with
 * the same id
 */
export function createAppRegistry(
  manifests: readonly (ManifestInput | RegisteredApp)[],
): AppRegistry {
  const apps = manifests.map((manifest, index) =>
    isRegisteredApp(manifest) ? manifest : parseManifest(manifest, sourceOf(manifest, index)),
  );
  const byId = new Map<string, RegisteredApp>();
  for (const app of apps) {
    if (byId.has(app.id)) {
      throw new BridgeError(
        "MANIFEST_INVALID",
        `${app.id}: id: must be unique, and two apps have this id.`,
      );
    }
    byId.set(app.id, app);
  }
  const origins = Map.groupBy(apps, (app) => app.origin);
  return {
    get: (appId) => byId.get(appId),
    byOrigin: (origin) => origins.get(origin) ?? [],
    all: apps,
  };
}

function sourceOf(manifest: unknown, index: number): string {
  const id = (manifest as { id?: unknown } | null)?.id;
  return typeof id === "string" ? shortened(id) : `apps[${index}]`;
}
