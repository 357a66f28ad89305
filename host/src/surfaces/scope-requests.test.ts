import { afterEach, describe, expect, it } from "vitest";
import type { ManifestInput } from "@breezeway/shared/schemas";
import type { Host, HostOptions, HostUi, ScopesRequest } from "../index.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  type TestGuest,
  type TestIssuer,
} from "../testing.ts";

const ORDERS = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: "https://orders.test/",
  scopes: ["orders:read", "orders:write"],
  optionalScopes: ["orders:export"],
  scopeLabels: {
    "orders:write": { en: "Change orders", de: "Aufträge ändern" },
    "orders:export": "Export orders",
  },
} satisfies ManifestInput;

interface Parts {
  readonly issuer: TestIssuer;
  readonly host: Host;
  readonly guest: TestGuest;
  /** The requests that the user saw. */
  readonly asked: ScopesRequest[];
  /** The user's answer; resolved by the test. */
  answer: (request: ScopesRequest) => boolean | Promise<boolean>;
}

const open: Host[] = [];
afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

async function setUp(
  more: Partial<HostOptions> = {},
  issuer = createTestIssuer({
    consent: "required",
    session: { scopes: ["orders:read", "orders:write", "orders:export"] },
  }),
): Promise<Parts> {
  issuer.apps.put(ORDERS);
  const asked: ScopesRequest[] = [];
  const ui: HostUi = {
    requestScopes: (request) => {
      asked.push(request);
      return parts.answer(request);
    },
  };
  const host = createHostForTesting(
    { ...issuer.hostOptions, ui, isUserActive: () => true, locale: "de-AT", ...more },
    issuer.hooks,
  );
  open.push(host);
  await host.apps.ready;
  const guest = createTestGuest({ clock: issuer.clock });
  host.mount("orders", { place: guest.place });
  await guest.connect();
  const parts: Parts = { issuer, host, guest, asked, answer: () => true };
  return parts;
}

const coded = (code: string, text = ""): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as string });

describe("queryScopes", () => {
  it("returns what the tenant has granted, and what the manifest lists", async () => {
    const { guest, host } = await setUp();
    const listed = { required: ORDERS.scopes, optional: ORDERS.optionalScopes };
    expect(await guest.call("queryScopes")).toEqual({ granted: [], ...listed });
    await host.installations.grant("orders", ["orders:read"]);
    expect(await guest.call("queryScopes")).toEqual({ granted: ["orders:read"], ...listed });
  });

  it("returns everything where the issuer needs no consent", async () => {
    const { guest } = await setUp({}, createTestIssuer());
    expect(await guest.call("queryScopes")).toMatchObject({
      granted: ["orders:read", "orders:write", "orders:export"],
    });
  });

  it("is limited, as it asks the issuer", async () => {
    const { guest } = await setUp();
    for (let count = 0; count < 10; count += 1) await guest.call("queryScopes");
    await expect(guest.call("queryScopes")).rejects.toThrow(coded("CALL_LIMIT_EXCEEDED", "scopes"));
  });
});

describe("requestScopes", () => {
  it("asks for what is missing in the registry's words, grants it, and renews the token", async () => {
    const parts = await setUp();
    const { guest, host, issuer, asked } = parts;
    await host.installations.grant("orders", ["orders:read"]);
    const mints = issuer.mints.length;
    const wanted = ["orders:read", "orders:write", "orders:export", "orders:write"];
    expect(await guest.call("requestScopes", wanted)).toBe("granted");
    expect(asked).toMatchObject([
      {
        app: { id: "orders" },
        mayDecide: true,
        scopes: [
          { scope: "orders:write", label: "Aufträge ändern" },
          { scope: "orders:export", label: "Export orders" },
        ],
      },
    ]);
    expect(issuer.mints.length).toBeGreaterThan(mints);
    expect(await host.installations.grants()).toMatchObject([
      { scopes: ["orders:read", "orders:write", "orders:export"], actor: "alice" },
    ]);
  });

  it("asks nobody when everything is granted, even without user activation", async () => {
    const { guest, host, asked } = await setUp({ isUserActive: () => false });
    await host.installations.grant("orders", ["orders:read"]);
    expect(await guest.call("requestScopes", ["orders:read"])).toBe("granted");
    expect(asked).toEqual([]);
  });

  it("changes nothing when the user declines", async () => {
    const parts = await setUp();
    parts.answer = () => false;
    expect(await parts.guest.call("requestScopes", ["orders:read"])).toBe("declined");
    expect(await parts.host.installations.grants()).toEqual([]);
    expect(await parts.host.installations.wishes()).toEqual([]);
  });

  it("leaves the wish of somebody who may not decide to an administrator [SC-3]", async () => {
    const { guest, host, issuer, asked } = await setUp();
    issuer.refuse("SCOPE_MISSING", "installations");
    expect(await guest.call("requestScopes", ["orders:read"])).toBe("asked-admin");
    expect(asked).toMatchObject([{ mayDecide: false }]);
    issuer.refuse(undefined, "installations");
    expect(await host.installations.grants()).toEqual([]);
    expect(await host.installations.wishes()).toMatchObject([
      { appId: "orders", userId: "alice", scopes: ["orders:read"] },
    ]);
  });

  it("is denied when the right to decide ends while the dialog is open [SC-3]", async () => {
    const parts = await setUp();
    parts.answer = () => {
      parts.issuer.refuse("SCOPE_MISSING", "installations");
      return true;
    };
    await expect(parts.guest.call("requestScopes", ["orders:read"])).rejects.toThrow(
      coded("DENIED", "scope-missing"),
    );
    expect(await parts.guest.call("queryScopes")).toMatchObject({ granted: [] });
  });

  it.each<[string, unknown, string]>([
    ["a scope that the manifest does not list [SC-1]", ["orders:destroy"], "orders:destroy"],
    ["a scope with markup", ["<b>orders:read</b>"], "scopes[0]"],
    ["no scopes", [], "scopes"],
    ["no list", "orders:read", "scopes"],
    ["too many scopes", Array.from({ length: 101 }, (_, i) => `orders:s${i}`), "scopes"],
  ])("refuses %s", async (_what, scopes, word) => {
    const { guest, asked } = await setUp();
    await expect(guest.call("requestScopes", scopes)).rejects.toThrow(
      coded("CALL_ARGUMENTS_INVALID", word),
    );
    expect(asked).toEqual([]);
  });

  it("is refused without user activation, and by a host without the dialog [SC-2]", async () => {
    const idle = await setUp({ isUserActive: () => false });
    await expect(idle.guest.call("requestScopes", ["orders:read"])).rejects.toThrow(
      coded("ACTIVATION_MISSING"),
    );
    expect(idle.asked).toEqual([]);
    const bare = await setUp({ ui: {} });
    await expect(bare.guest.call("requestScopes", ["orders:read"])).rejects.toThrow(
      coded("SURFACE_REFUSED"),
    );
  });

  it("is one dialog of the page, and of a token bucket [SC-2]", async () => {
    const parts = await setUp();
    const { guest, issuer } = parts;
    const later = Promise.withResolvers<boolean>();
    parts.answer = () => later.promise;
    const asking = guest.call("requestScopes", ["orders:read"]);
    while (parts.asked.length === 0) await guest.settled();
    await expect(guest.call("requestScopes", ["orders:write"])).rejects.toThrow(
      coded("CALL_LIMIT_EXCEEDED", "already open"),
    );
    later.resolve(false);
    expect(await asking).toBe("declined");
    parts.answer = () => false;
    for (let count = 1; count < 5; count += 1) {
      expect(await guest.call("requestScopes", ["orders:read"])).toBe("declined");
    }
    await expect(guest.call("requestScopes", ["orders:read"])).rejects.toThrow(
      coded("CALL_LIMIT_EXCEEDED", "dialogs"),
    );
    await issuer.clock.advance(4_000);
    expect(await guest.call("requestScopes", ["orders:read"])).toBe("declined");
  });

  it("ends with its caller, whose late yes counts for nothing", async () => {
    const parts = await setUp();
    const later = Promise.withResolvers<boolean>();
    parts.answer = () => later.promise;
    const caller = new AbortController();
    const asking = parts.guest.callWith("requestScopes", [["orders:read"]], {
      signal: caller.signal,
    });
    while (parts.asked.length === 0) await parts.guest.settled();
    caller.abort();
    await expect(asking).rejects.toThrow(coded("CALL_ABORTED"));
    while (parts.asked[0]?.signal.aborted === false) await parts.guest.settled();
    later.resolve(true);
    await parts.guest.settled();
    expect(await parts.host.installations.grants()).toEqual([]);
  });
});
