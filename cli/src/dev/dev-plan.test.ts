import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readDevPlan, type DevFlags } from "./dev-plan.ts";

const URL_OF_APP = "http://127.0.0.1:5173";
const MANIFEST = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: `${URL_OF_APP}/start`,
  scopes: ["orders:read"],
  capabilities: ["customers:read"],
};

let folder: string;
const fileOf = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "breezeway-dev-"));
  await writeFile(fileOf("app.json"), JSON.stringify(MANIFEST));
  await writeFile(fileOf("bad.json"), JSON.stringify({ ...MANIFEST, version: "one" }));
  await writeFile(fileOf("methods.mjs"), "export default {}");
});

afterAll(() => rm(folder, { recursive: true }));

it("creates an app from the URL, with the scopes and capabilities of the flags", async () => {
  const plan = await readDevPlan(`${URL_OF_APP}/orders?tab=2`, {
    scope: ["orders:read"],
    capability: ["customers:read"],
  });
  expect(plan.app).toMatchObject({
    id: "app-5173",
    origin: URL_OF_APP,
    scopes: ["orders:read"],
    capabilities: ["customers:read"],
  });
  expect(plan).toMatchObject({
    path: `${URL_OF_APP}/orders?tab=2`,
    port: 4600,
    users: ["alice", "bob"],
    tenants: ["acme", "globex"],
    scopes: ["orders:read"],
    upstream: undefined,
    methodsFile: undefined,
  });
});

it("uses the app and scopes of the manifest, and its start page when the URL has no path", async () => {
  const plan = await readDevPlan(URL_OF_APP, { manifest: fileOf("app.json") });
  expect(plan.app).toMatchObject({ id: "orders", url: `${URL_OF_APP}/start` });
  expect(plan).toMatchObject({ path: undefined, scopes: ["orders:read"] });
});

it("grants users only the scopes of --scope when the manifest has more", async () => {
  const manifest = fileOf("app.json");
  const plan = await readDevPlan(URL_OF_APP, { manifest, scope: ["orders:write"] });
  expect(plan.scopes).toEqual(["orders:write"]);
  expect(plan.app.scopes).toEqual(["orders:read"]);
});

it.each([
  ["http://127.0.0.1:5173", "localhost"],
  ["http://[::1]:5173", "localhost"],
  ["https://orders.example", "localhost"],
  ["http://localhost:5173", "127.0.0.1"],
  ["http://orders.localhost:5173", "127.0.0.1"],
])("shows %s in a host on %s, which is another site", async (url, hostname) => {
  expect((await readDevPlan(url, {})).hostname).toBe(hostname);
});

it.each([
  ["http://127.0.0.1", "app"],
  ["https://orders.example", "orders-example"],
  ["https://7.example", "app-7-example"],
  [`https://${"a".repeat(62)}.example`, "a".repeat(62)],
])("derives from %s the app id %s", async (url, id) => {
  expect((await readDevPlan(url, {})).app.id).toBe(id);
});

it.each<[string, string, DevFlags, RegExp]>([
  ["a string that is not a URL", "orders", {}, /<guest-url>: must be the URL of the app/],
  ["another protocol", "file:///app.html", {}, /<guest-url>: must be the URL of the app/],
  [
    "plain http to another machine",
    "http://orders.example",
    {},
    /<guest-url>: url: must be an https/,
  ],
  [
    "a port that is not a number",
    URL_OF_APP,
    { port: "x" },
    /--port: must be a number from 1 to 65534/,
  ],
  [
    "the highest port, which leaves none for the gateway",
    URL_OF_APP,
    { port: "65535" },
    /--port: must be a number from 1 to 65534/,
  ],
  ["no user", URL_OF_APP, { user: [] }, /--user: must have at least one name/],
  ["no tenant", URL_OF_APP, { tenant: [] }, /--tenant: must have at least one name/],
  ["a malformed scope", URL_OF_APP, { scope: ["orders"] }, /--scope: "orders" must have the form/],
  [
    "a malformed capability",
    URL_OF_APP,
    { capability: ["*"] },
    /--capability: "\*" must have the form/,
  ],
  [
    "an upstream with a path",
    URL_OF_APP,
    { upstream: "http://127.0.0.1:3000/api" },
    /--upstream: /,
  ],
  [
    "a missing methods file",
    URL_OF_APP,
    { methods: "none.mjs" },
    /--methods: cannot read none.mjs .*ENOENT/,
  ],
  [
    "methods in TypeScript",
    URL_OF_APP,
    { methods: "methods.ts" },
    /--methods: must be a JavaScript/,
  ],
  [
    "a missing manifest",
    URL_OF_APP,
    { manifest: "none.json" },
    /--manifest: cannot read none.json .*ENOENT/,
  ],
])("refuses %s, and names the flag or argument", async (_what, url, flags, message) => {
  await expect(readDevPlan(url, flags)).rejects.toThrow(message);
});

it("names the file and the field of an invalid manifest", async () => {
  const file = fileOf("bad.json");
  await expect(readDevPlan(URL_OF_APP, { manifest: file })).rejects.toThrow(
    `${file}: version: must be a semantic version.`,
  );
});

it("refuses a manifest whose origin differs from the URL's", async () => {
  const file = fileOf("app.json");
  await expect(readDevPlan("http://127.0.0.1:3001", { manifest: file })).rejects.toThrow(
    `${file}: url: must have the origin of <guest-url>, http://127.0.0.1:3001, but has ${URL_OF_APP}.`,
  );
});

it("refuses --capability together with a manifest, which lists its own", async () => {
  const flags = { manifest: fileOf("app.json"), capability: ["orders:read"] };
  await expect(readDevPlan(URL_OF_APP, flags)).rejects.toThrow(/^--capability: /);
});
