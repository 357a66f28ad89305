import { afterEach, beforeEach, expect, it } from "vitest";
import type { Host } from "../index.ts";
import { createHostForTesting, createTestIssuer, type TestIssuer } from "../testing.ts";
import { createSessionDevices } from "./session-devices.ts";

let issuer: TestIssuer;
let host: Host;

beforeEach(async () => {
  issuer = createTestIssuer();
  host = createHostForTesting({ ...issuer.hostOptions, apps: [] }, issuer.hooks);
  await host.session.ready;
});
afterEach(() => host.close());

it("lists this session first, and ends one of the others", async () => {
  const phone = issuer.signInElsewhere({ device: "Safari on iPhone", network: "198.51.100.0/24" });
  issuer.signInElsewhere({ device: "Firefox on Windows" });
  const before = await host.session.devices();
  expect(before.map(({ device, isCurrent }) => [device, isCurrent])).toEqual([
    [null, true],
    ["Firefox on Windows", false],
    ["Safari on iPhone", false],
  ]);
  await host.session.endOther(phone);
  expect((await host.session.devices()).map(({ device }) => device)).toEqual([
    null,
    "Firefox on Windows",
  ]);
});

it("ends all others, and stays signed in", async () => {
  issuer.signInElsewhere();
  issuer.signInElsewhere();
  expect(await host.session.endOthers()).toBe(2);
  expect(await host.session.devices()).toHaveLength(1);
  expect(host.session.current?.userId).toBe("alice");
});

it("rejects with DENIED for a session that has ended, and for this one", async () => {
  const handle = issuer.signInElsewhere();
  await host.session.endOther(handle);
  const own = host.session.current?.handle ?? "";
  for (const gone of [handle, own]) {
    await expect(host.session.endOther(gone)).rejects.toMatchObject({
      code: "DENIED",
      details: { reason: "session-unknown" },
    });
  }
});

it("rejects with OFFLINE and SIGNED_OUT", async () => {
  issuer.offline();
  await expect(host.session.devices()).rejects.toMatchObject({ code: "OFFLINE" });
  issuer.offline(false);
  issuer.revoke();
  await expect(host.session.devices()).rejects.toMatchObject({ code: "SIGNED_OUT" });
});

const device = {
  handle: "h",
  tenantId: "t",
  device: null,
  network: null,
  createdAtSeconds: 1,
  lastActiveAtSeconds: 1,
  isCurrent: false,
};

it("asks for at most five pages", async () => {
  const paths: string[] = [];
  const devices = createSessionDevices({
    ask: (_method, path) => {
      paths.push(path);
      return Promise.resolve({ sessions: [device], nextCursor: "a&b" });
    },
  });
  expect(await devices.devices()).toHaveLength(5);
  expect(paths).toEqual(["/session/devices", ...Array(4).fill("/session/devices?cursor=a%26b")]);
});

it.each([{}, { sessions: [{ ...device, device: "x".repeat(65) }], nextCursor: null }])(
  "takes no malformed answer, %#",
  async (answer) => {
    const devices = createSessionDevices({ ask: () => Promise.resolve(answer) });
    await expect(devices.devices()).rejects.toMatchObject({ code: "OFFLINE" });
  },
);

it("repeats while the issuer has more to end, and not when nothing ends", async () => {
  const answers = [
    { ended: 1_000, hasMore: true },
    { ended: 7, hasMore: false },
    { ended: 0, hasMore: true },
  ];
  const devices = createSessionDevices({ ask: () => Promise.resolve(answers.shift()) });
  expect(await devices.endOthers()).toBe(1_007);
  expect(await devices.endOthers()).toBe(0);
});
