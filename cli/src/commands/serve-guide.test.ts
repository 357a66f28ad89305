/** One platform, assembled from the blocks of the guides as they stand. Only ports are replaced. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { freePort } from "@breezeway/test-support/free-port";
import { findProgram, startProgram } from "@breezeway/test-support/processes";
import {
  addressesIn,
  send,
  signIn,
  tokenFor,
  type Config,
} from "../../test-support/serve-place.ts";
import { SECRET, useServe } from "../../test-support/use-serve.ts";

const fixture = useServe();
const { serve } = fixture;

interface GuideConfig extends Config {
  readonly gateway: { readonly routes: readonly { readonly prefix: string }[] };
}

/** The blocks of one language in a section of a guide, in their order. */
function blocksOf(guide: string, section: string, language: string): string[] {
  const text = readFileSync(new URL(`../../../docs/guides/${guide}`, import.meta.url), "utf8");
  const [, after = ""] = text.split(`\n## ${section}\n`);
  const [part = ""] = after.split(/\n## /u);
  const blocks = part.matchAll(/```(\w+)\n(.*?)```/gsu);
  return [...blocks].flatMap(([, name, code = ""]) => (name === language ? [code] : []));
}

const [LOCAL = "", TRUSTED = ""] = blocksOf("serve.md", "On your machine", "json");
const [PRODUCTION = ""] = blocksOf("serve.md", "In production", "json");
const [HOOKS = ""] = blocksOf("serve.md", "In production", "js");
const [LOCATION = ""] = blocksOf("serve.md", "In production", "nginx");
const [MANIFEST = ""] = blocksOf("embed-guests.md", "Describe an app", "json");

/** The block with free ports, and with the test's service behind the gateway. */
function withPorts(block: string, issuerPort = 0, issuer: object = {}): object {
  const config = JSON.parse(block) as GuideConfig;
  const [service] = (fixture.place.config.gateway as { routes: { upstream: string }[] }).routes;
  const routes = config.gateway.routes.map((route) => ({ ...route, upstream: service?.upstream }));
  return {
    ...config,
    issuer: { ...config.issuer, ...issuer, port: issuerPort },
    gateway: { ...config.gateway, port: 0, operationsPort: 0, routes },
    // No load balancer is in front.
    shutdown: { drainDelayMs: 0, graceMs: 0 },
  };
}

describe("the blocks of the guides, on one machine", () => {
  it("forward a guest's request to the service", async () => {
    fixture.place.write(LOCAL);
    expect(await serve(["--check"])).toMatchObject({ code: 0, err: "" });
    fixture.place.write(withPorts(LOCAL));
    const { code } = await serve([], async (lines) => {
      const { issuer = "", gateway } = addressesIn(lines);
      const token = await tokenFor(issuer, await signIn(issuer));
      expect((await send(`${gateway}/orders`, token)).status).toBe(200);
    });
    expect(code).toBe(0);
  });

  it.each([
    ["refuse", 403, {}],
    ["accept, with the field that the guide adds,", 200, JSON.parse(TRUSTED) as object],
  ])("%s a sign-in behind a development server's proxy", async (_name, status, added) => {
    fixture.place.write(withPorts(LOCAL, 0, added));
    await serve([], async (lines) => {
      const { issuer = "" } = addressesIn(lines);
      const answer = await fetch(`${issuer}/auth/login/dev`, {
        method: "POST",
        headers: {
          origin: "http://localhost:3000",
          "x-breezeway-request": "1",
          "content-type": "application/json",
        },
        body: JSON.stringify({ userId: "alice", tenantId: "acme" }),
      });
      expect(answer.status).toBe(status);
    });
  });
});

describe("the blocks of the guides, in production", () => {
  const nginx = findProgram("nginx");
  const isSkipped = (process.env["BREEZEWAY_SKIPPED"] ?? "").split(",").includes("nginx");

  function writePlace(): void {
    const { folder } = fixture.place;
    vi.stubEnv("NODE_ENV", "production");
    fixture.env = { OIDC_CLIENT_SECRET: SECRET };
    writeFileSync(join(folder, "key-secret"), SECRET);
    writeFileSync(join(folder, "hooks.mjs"), HOOKS);
    mkdirSync(join(folder, "apps"));
    writeFileSync(join(folder, "apps/orders.json"), MANIFEST);
  }

  it("pass --check together", async () => {
    writePlace();
    fixture.place.write(PRODUCTION);
    expect(await serve(["--check"])).toMatchObject({ code: 0, err: "" });
  });

  it.skipIf(isSkipped)("start together, with the issuer behind nginx", async () => {
    writePlace();
    const { folder } = fixture.place;
    const [issuerPort, nginxPort] = [await freePort(), await freePort()];
    fixture.place.write(withPorts(PRODUCTION, issuerPort));
    const location = LOCATION.replace(":4000", `:${issuerPort}`);
    const config = join(folder, "nginx.conf");
    writeFileSync(
      config,
      `events {} http { access_log off; server { listen 127.0.0.1:${nginxPort}; ${location} } }`,
    );
    const user = process.getuid?.() === 0 ? " user root;" : "";
    const directives = `daemon off; pid ${folder}/nginx.pid;${user}`;
    const { code } = await serve([], async () => {
      const args = ["-c", config, "-p", folder, "-e", "stderr", "-g", directives];
      await using _proxy = await startProgram(nginx ?? "", args, nginxPort);
      const base = `http://127.0.0.1:${nginxPort}/auth`;
      const keys = (await (await fetch(`${base}/.well-known/jwks.json`)).json()) as object;
      expect(keys).toMatchObject({ keys: [{ kty: "OKP" }] });
      const feed = await fetch(`${base}/revocations`, {
        headers: { accept: "text/event-stream" },
      });
      expect(feed.headers.get("content-type")).toContain("text/event-stream");
      const reader = feed.body?.getReader();
      expect((await reader?.read())?.done).toBe(false);
      await reader?.cancel();
      expect((await fetch(`${base}/session/token`, { method: "POST" })).status).toBe(403);
    });
    expect(code).toBe(0);
  });
});
