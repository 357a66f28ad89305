/** Mistakes that no part sees alone: two listeners at one address, a route to the gateway itself. */
import { isIPv6 } from "node:net";
import { BridgeError, isLoopbackHost } from "@breezeway/shared";
import type { ServeConfig } from "./config-schema.ts";

interface Listener {
  readonly field: string;
  readonly host: string;
  readonly port: number;
}

/** @throws {BridgeError} CONFIG_INVALID, naming the file and the fields */
export function assertNoConflicts(config: ServeConfig, file: string): void {
  const listeners = listenersOf(config);
  listeners.forEach((one, index) => {
    const other = listeners.slice(0, index).find((each) => overlap(each, one));
    if (other) {
      throw conflict(
        file,
        `${one.field}: must differ from ${other.field}, which has the port ${one.port}, too`,
      );
    }
  });
  const [, ...ofGateway] = listeners;
  upstreamsOf(config.gateway).forEach((upstream, index) => {
    const own = upstream && ofGateway.find((listener) => overlap(listener, upstream));
    if (own) {
      const field = `gateway.routes[${index}].upstream`;
      throw conflict(
        file,
        `${field}: must not be the gateway itself, which listens there (${own.field})`,
      );
    }
  });
  const users = config.issuer.devLogin?.users ?? [];
  users.forEach(({ id }, index) => {
    if (users.findIndex((user) => user.id === id) === index) return;
    throw conflict(
      file,
      `issuer.devLogin.users[${index}].id: must be unique, and two users have this id`,
    );
  });
}

/** The issuer's listener first. Port 0 chooses a free port, so it never conflicts. */
function listenersOf({ issuer, gateway }: ServeConfig): Listener[] {
  const { operationsPort = 0, operationsHost = "127.0.0.1" } = gateway;
  return [
    { field: "issuer.port", host: issuer.host, port: issuer.port },
    { field: "gateway.port", host: gateway.host, port: gateway.port },
    { field: "gateway.operationsPort", host: operationsHost, port: operationsPort },
  ];
}

function upstreamsOf({ routes }: ServeConfig["gateway"]): (Omit<Listener, "field"> | undefined)[] {
  if (!Array.isArray(routes)) return [];
  return (routes as { readonly upstream?: unknown }[]).map((route) => {
    const url = typeof route?.upstream === "string" ? URL.parse(route.upstream) : null;
    if (!url) return undefined;
    const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
    return { host: url.hostname, port };
  });
}

type Address = Omit<Listener, "field">;

function overlap(one: Address, other: Address): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  const [a, b] = [kindOf(one.host), kindOf(other.host)];
  // `localhost` may mean either loopback address.
  return a === b || a === "any" || b === "any" || isLocalhost(a, b) || isLocalhost(b, a);
}

function kindOf(host: string): string {
  const plain = host.replace(/^\[|\]$/g, "").toLowerCase();
  return plain === "0.0.0.0" || plain === "::" ? "any" : plain;
}

function isLocalhost(name: string, host: string): boolean {
  return name === "localhost" && isLoopbackHost(isIPv6(host) ? `[${host}]` : host);
}

function conflict(file: string, what: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${file}: ${what}.`);
}
