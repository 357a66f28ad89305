/** Runs the suite in Node: on the test kit, and between a real host and a real guest. */
import { createAppBridge, type AppBridge, type HostLink } from "@breezeway/guest";
import { createAppBridgeForTesting, createTestHost } from "@breezeway/guest/testing";
import type { GuestPlaceOptions, OpenGuestPlace } from "@breezeway/host";
import { createHostForTesting, createTestIssuer } from "@breezeway/host/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import {
  rpcCases,
  rpcContract,
  rpcMethods,
  transferCases,
  type RpcContract,
  type RpcHostSide,
} from "./rpc-suite.ts";

interface Connected {
  readonly bridge: AppBridge<RpcContract>;
  readonly errors: readonly unknown[];
  readonly close: () => void;
}

const onTestKit = async (delayMs: number): Promise<Connected> => {
  const heard: unknown[] = [];
  const side = (): RpcHostSide => ({
    callGuest: (name, value) => host.call(name, value),
    publish(id) {
      host.event.publish("customer:changed", { id });
      host.event.publish("customer:current", { id });
    },
    heard,
  });
  const host = createTestHost({
    contract: rpcContract,
    capabilities: [],
    methods: rpcMethods(side),
  });
  host.event.subscribe("order:verified", (payload) => heard.push(payload));
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const bridge = await createAppBridge({ ...host.bridgeOptions, contract: rpcContract, onError });
  host.faults.delay(delayMs);
  const timer = setInterval(() => void host.advance(delayMs), 1);
  return {
    bridge,
    errors,
    close() {
      clearInterval(timer);
      host.close();
    },
  };
};

/** Connects a real host and a real guest in one process by a Node `MessagePort`. */
const onMessageChannel = async (): Promise<Connected> => {
  const issuer = createTestIssuer();
  const heard: unknown[] = [];
  const side = (): RpcHostSide => ({
    callGuest: (name, value) => mount.call(name, value),
    publish(id) {
      host.event.publish("customer:changed", { id });
      host.event.publish("customer:current", { id });
    },
    heard,
  });
  const host = createHostForTesting(
    {
      ...issuer.hostOptions,
      apps: [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/" }],
      contract: rpcContract,
      methods: rpcMethods(side),
    },
    issuer.hooks,
  );
  host.event.subscribe("order:verified", (payload) => heard.push(payload));
  const opened = Promise.withResolvers<GuestPlaceOptions>();
  const place: OpenGuestPlace = (options) => {
    opened.resolve(options);
    return { element: undefined, reload: () => undefined, close: () => undefined };
  };
  const mount = host.mount("orders", { place });
  const link: HostLink = {
    watch: () => () => undefined,
    greet({ hello }) {
      const { port1, port2 } = new MessageChannel();
      const greet = async () => ({
        welcome: await (await opened.promise).onHello(hello, port1),
        port: port2,
      });
      return { greeting: greet(), cancel: () => undefined };
    },
  };
  const errors: unknown[] = [];
  const bridge = await createAppBridgeForTesting(
    { link, contract: rpcContract, onError: (error) => void errors.push(error) },
    { clock: issuer.clock },
  );
  return { bridge, errors, close: () => host.close() };
};

describe.each([
  ["the test kit", () => onTestKit(0)],
  ["the test kit, each message 20 ms late", () => onTestKit(20)],
  ["a real host and a real guest over Node's MessageChannel", onMessageChannel],
])("on %s", (_transport, connect) => {
  let connected: Connected;
  beforeAll(async () => {
    connected = await connect();
  });
  afterAll(() => connected.close());

  for (const { name, run } of [...transferCases, ...rpcCases])
    it(name, () => run(connected.bridge, connected.errors));
});
