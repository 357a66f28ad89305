import { afterEach, expect, it } from "vitest";
import { createAppBridge, type BridgeOptions } from "../index.ts";
import { createTestHost } from "../testing.ts";

const host = createTestHost();

afterEach(() => host.close());

it.each([
  ["hostOrigin", ' Did you mean "hostOrigins"?'],
  ["hostorigins", ' Did you mean "hostOrigins"?'],
  ["gatewayOrgins", ' Did you mean "gatewayOrigins"?'],
  ["handshakeTimeout", ' Did you mean "handshakeTimeoutMs"?'],
  ["clock", ""],
  ["x", ""],
])(
  "createAppBridge refuses the unknown option %s and names the nearest one",
  async (name, hint) => {
    const options = { [name]: "canary-secret", ...host.bridgeOptions } as BridgeOptions;
    await expect(createAppBridge(options)).rejects.toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: `createAppBridge: ${name}: unknown option.${hint}`,
      }),
    );
  },
);
