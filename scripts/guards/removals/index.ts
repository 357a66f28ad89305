/** One removal for each row of the threat model that can be tried, by the package of the guard or by its test. */
import { appRegistry } from "./app-registry.ts";
import { browser } from "./browser.ts";
import { cli } from "./cli.ts";
import { devicesAndPrivacy } from "./devices-and-privacy.ts";
import { gateway } from "./gateway.ts";
import { host } from "./host.ts";
import { issuer } from "./issuer.ts";
import { shared } from "./shared.ts";
import { verify } from "./verify.ts";
import type { Removal } from "../removal.ts";

export const REMOVALS: readonly Removal[] = [
  ...shared,
  ...verify,
  ...host,
  ...issuer,
  ...appRegistry,
  ...devicesAndPrivacy,
  ...gateway,
  ...cli,
  ...browser,
];
