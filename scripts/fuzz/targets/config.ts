/** Configuration files of `breezeway serve` and the gateway, and manifests. */
import { parseManifest } from "@breezeway/shared/schemas";
import { assertJson } from "../../../cli/src/serve/assert-json.ts";
import { parseServeConfig } from "../../../cli/src/serve/config-schema.ts";
import { atOnce } from "../../../gateway/src/config/pieces.ts";
import { sectionPieces } from "../../../gateway/src/config/read-config.ts";
import { acceptedBy } from "../target.ts";

const SECTION = {
  file: "/breezeway.json",
  name: "gateway",
  issuer: "https://shop.example/auth",
  apps: [],
};

export function fuzz(data: Buffer): void {
  const text = data.toString("utf8");
  acceptedBy(() => assertJson(text, "breezeway.json"));
  acceptedBy(() => parseServeConfig(text, "breezeway.json"));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  acceptedBy(() => atOnce(sectionPieces(value, SECTION)));
  acceptedBy(() => parseManifest(value, "orders.json"));
}
