/** A misspelt option would leave what it stands for as it was, such as `isRevoked`, and nobody told. */
import { BridgeError } from "@breezeway/shared";
import type { MetricsOptions } from "../observe/metrics.ts";
import type { GatewayOptions, RevocationOptions } from "./options.ts";

type Names<Options> = Readonly<Record<keyof Options, 1>>;

const METRICS: Names<MetricsOptions> = { process: 1, access: 1 };
const REVOCATIONS: Names<RevocationOptions> = {
  url: 1,
  headers: 1,
  maxSilenceMs: 1,
  maxRetryMs: 1,
};
const NAMES: Names<GatewayOptions & { readonly $schema: string }> = {
  // Of a configuration file.
  $schema: 1,
  issuer: 1,
  apps: 1,
  routes: 1,
  jwks: 1,
  algorithms: 1,
  revocations: 1,
  isRevoked: 1,
  cors: 1,
  hostOrigins: 1,
  trustedProxies: 1,
  limits: 1,
  rateLimitStore: 1,
  proof: 1,
  refusalLimit: 1,
  audit: 1,
  metrics: 1,
  tracing: 1,
  onError: 1,
  clock: 1,
  fetch: 1,
  randomId: 1,
};

/** @throws {BridgeError} CONFIG_INVALID, naming source and option */
export function checkOptionNames(options: GatewayOptions, source: string): void {
  refuseUnknown(options, NAMES, `${source}: `);
  if (options.metrics !== undefined) {
    refuseUnknown(options.metrics, METRICS, `${source}: metrics.`);
  }
  if (options.revocations !== undefined && options.revocations !== false) {
    refuseUnknown(options.revocations, REVOCATIONS, `${source}: revocations.`);
  }
}

function refuseUnknown(options: object, names: object, prefix: string): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (unknown === undefined) return;
  throw new BridgeError("CONFIG_INVALID", `${prefix}${unknown}: is not an option.`);
}
