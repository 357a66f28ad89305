import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  addressesIn,
  ORDERS,
  send,
  signIn,
  tokenFor,
  type Config,
} from "../../test-support/serve-place.ts";
import { SECRET, useServe } from "../../test-support/use-serve.ts";

const fixture = useServe();
const { serve } = fixture;

describe("the guide", () => {
  const guide = readFileSync(new URL("../../../docs/guides/serve.md", import.meta.url), "utf8");
  const blocks = [...guide.matchAll(/```(?:json|js)\n(.*?)```/gs)].map(([, code = ""]) => code);

  it("has a configuration that forwards a guest's request to the service", async () => {
    const [local = ""] = blocks;
    const config = JSON.parse(local) as Config & { gateway: { routes: { prefix: string }[] } };
    const [route] = (fixture.place.config.gateway as { routes: { upstream: string }[] }).routes;
    const routes = config.gateway.routes.map((each) => ({ ...each, upstream: route?.upstream }));
    // Free ports replace the guide's own.
    fixture.place.write({
      ...config,
      issuer: { ...config.issuer, port: 0 },
      gateway: { ...config.gateway, port: 0, operationsPort: 0, routes },
    });
    const { code } = await serve([], async (lines) => {
      const { issuer = "", gateway } = addressesIn(lines);
      const token = await tokenFor(issuer, await signIn(issuer));
      expect((await send(`${gateway}/orders`, token)).status).toBe(200);
    });
    expect(code).toBe(0);
  });

  it("has a production configuration that passes --check", async () => {
    const [, production = "", hooks = ""] = blocks;
    vi.stubEnv("NODE_ENV", "production");
    fixture.env = { OIDC_CLIENT_SECRET: SECRET };
    writeFileSync(join(fixture.place.folder, "key-secret"), SECRET);
    writeFileSync(join(fixture.place.folder, "hooks.mjs"), hooks);
    mkdirSync(join(fixture.place.folder, "apps"));
    for (const id of ["orders", "customer-pane"]) {
      const manifest = JSON.stringify({ ...ORDERS, id });
      writeFileSync(join(fixture.place.folder, "apps", `${id}.json`), manifest);
    }
    fixture.place.write(production.replace("/etc/breezeway/key-secret", "./key-secret"));
    expect(await serve(["--check"])).toMatchObject({ code: 0, err: "" });
  });
});
