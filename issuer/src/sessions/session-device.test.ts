import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coarseNetwork, deviceOf } from "./session-device.ts";
import { describeUserAgent } from "./user-agent.ts";

const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";

describe("describeUserAgent", () => {
  it.each([
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
      "Firefox on Windows",
    ],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0`,
      "Edge on Windows",
    ],
    [
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Chrome/141.0.0.0 Safari/537.36`,
      "Chrome on macOS",
    ],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
      "Safari on macOS",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
      "Safari on iPhone",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0.0.0 Mobile/15E148 Safari/604.1",
      "Chrome on iPhone",
    ],
    [
      "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/143.0 Mobile/15E148 Safari/605.1.15",
      "Firefox on iPad",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
      "App on iPhone",
    ],
    [
      `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
      "Samsung Internet on Android",
    ],
    [
      `Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) ${WEBKIT} Version/4.0 Chrome/141.0.0.0 Mobile Safari/537.36`,
      "App on Android",
    ],
    [
      `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/141.0.0.0 Safari/537.36`,
      "Chrome on ChromeOS",
    ],
    [
      `Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/141.0.0.0 Safari/537.36 OPR/122.0.0.0`,
      "Opera on Linux",
    ],
    ["okhttp/4.12.0", "App on Android"],
    ["Shop/42 CFNetwork/1568.200.51 Darwin/24.1.0", "App"],
    ["node", "Node.js"],
    ["curl/8.14.1", "curl"],
  ])("describes %s as %s", (header, description) => {
    expect(describeUserAgent(header)).toBe(description);
  });

  it.each(["", "Mozilla/5.0", "<img src=x onerror=alert(1)>", "x".repeat(100_000)])(
    "knows nothing of %.40s",
    (header) => {
      expect(describeUserAgent(header)).toBeUndefined();
    },
  );

  it("[DV-1] answers in words of its own, whatever the header is", () => {
    const part = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("Firefox/1", "Windows", "<b>", "\u202e", "; wv)", "Android", "node"),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const description = describeUserAgent(parts.join(" ")) ?? "";
        expect(description).toMatch(/^[A-Za-z.]*( [A-Za-z]+){0,4}$/);
        expect(description.length).toBeLessThanOrEqual(64);
      }),
    );
  });
});

describe("coarseNetwork", () => {
  it.each([
    ["203.0.113.77", "203.0.113.0/24"],
    ["::ffff:203.0.113.77", "203.0.113.0/24"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
    ["2001:0DB8:0001::6", "2001:db8:1::/48"],
    ["2001:db8::6", "2001:db8::/48"],
    ["fe80::1%eth0", "fe80::/48"],
    ["::1", "::/48"],
    ["64:ff9b::203.0.113.77", "64:ff9b::/48"],
    ["1:2:3:4:5:6:203.0.113.77", "1:2:3::/48"],
  ])("[DV-2] cuts %s to %s", (address, network) => {
    expect(coarseNetwork(address)).toBe(network);
  });

  it.each(["", "unknown", "203.0.113", "203.0.113.77:443", "<b>"])("refuses %s", (address) => {
    expect(coarseNetwork(address)).toBeUndefined();
  });

  it("[DV-2] keeps at most 48 bits of any IPv6 address", () => {
    const prefix = /^(([\da-f]{1,4}:){0,2}[\da-f]{1,4}|)::\/48$|^\d+\.\d+\.\d+\.0\/24$/;
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(coarseNetwork(address)).toMatch(prefix);
      }),
    );
  });
});

describe("deviceOf", () => {
  const client = { userAgent: "curl/8", address: "203.0.113.77" };

  it("keeps what the option says", () => {
    expect(deviceOf(client, "full")).toEqual({ device: "curl", network: "203.0.113.0/24" });
    expect(deviceOf(client, "browser")).toEqual({ device: "curl", network: undefined });
    expect(deviceOf(client, "none")).toEqual({ device: undefined, network: undefined });
  });

  it("keeps nothing of a sign-in that told nothing", () => {
    expect(deviceOf(undefined, "full")).toEqual({ device: undefined, network: undefined });
    expect(deviceOf({}, "full")).toEqual({ device: undefined, network: undefined });
  });
});
