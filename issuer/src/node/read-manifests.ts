import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BridgeError } from "@breezeway/shared";
import {
  createAppRegistry,
  parseManifestJson,
  type RegisteredApp,
} from "@breezeway/shared/schemas";

/**
 * Reads the manifests of a folder: every `*.json` file, sorted by name.
 *
 * @throws {BridgeError} MANIFEST_INVALID, naming the file and the field; also when two files have the
 *   same app id
 * @throws {BridgeError} CONFIG_INVALID, when the folder cannot be read
 */
export function readManifests(directory: string): RegisteredApp[] {
  const apps = listJson(directory).map((name) => {
    const file = join(directory, name);
    return { file, app: parseManifestJson(readFileSync(file, "utf8"), file) };
  });
  for (const [index, { file, app }] of apps.entries()) {
    const twin = apps.slice(0, index).find((earlier) => earlier.app.id === app.id);
    if (twin) {
      throw new BridgeError("MANIFEST_INVALID", `${file}: id: ${twin.file} has the same id.`);
    }
  }
  return [...createAppRegistry(apps.map(({ app }) => app)).all];
}

function listJson(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(".json"))
      .sort();
  } catch (cause) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `readManifests: the folder ${directory} cannot be read. Check the path and its permissions.`,
      {
        cause,
      },
    );
  }
}
