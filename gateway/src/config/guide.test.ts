import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { ORDERS_APP, PANE_APP } from "../../test-support/apps.ts";
import { readGatewayConfig } from "./read-config.ts";
import { ROUTE_DEFAULTS } from "../decision/route-table.ts";

const GUIDE = fileURLToPath(new URL("../../../docs/guides/run-the-gateway.md", import.meta.url));

it("the guide's configuration is valid", () => {
  using folder = temporaryFolder();
  const guide = readFileSync(GUIDE, "utf8");
  const [, json = ""] = /```json\n(.*?)```/s.exec(guide) ?? [];
  mkdirSync(join(folder.path, "apps"));
  for (const app of [ORDERS_APP, PANE_APP]) {
    writeFileSync(join(folder.path, "apps", `${app.id}.json`), JSON.stringify(app));
  }
  const file = join(folder.path, "gateway.json");
  writeFileSync(file, json);
  expect(readGatewayConfig(file).routes).toHaveLength(2);
});

it("the guide's defaults equal the gateway's", () => {
  const guide = readFileSync(GUIDE, "utf8");
  for (const [field, value] of Object.entries(ROUTE_DEFAULTS)) {
    const spelt = String(value).replace(/\B(?=(?:\d{3})+$)/g, " ");
    expect(guide).toMatch(new RegExp(`\\| \`${field}\` .*\\| ${spelt} +\\|`));
  }
});
