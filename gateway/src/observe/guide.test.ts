import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startGateway } from "../../test-support/start.ts";

const GUIDE = fileURLToPath(new URL("../../../docs/guides/operate.md", import.meta.url));
const NAME = /breezeway_gateway_[a-z_]+/g;

async function registered(): Promise<string[]> {
  await using gateway = await startGateway({
    gateway: {
      revocations: { url: "http://127.0.0.1:9/revocations" },
      rateLimitStore: { kind: "redis", client: {} },
    },
  });
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return [...text.matchAll(/^# TYPE (breezeway_gateway_[a-z_]+) /gm)].map(([, name]) => name ?? "");
}

it("the guide's table lists exactly the existing metrics", async () => {
  const guide = readFileSync(GUIDE, "utf8");
  const [, table = ""] = /^## Metrics$(.*?)^An `upstream`/ms.exec(guide) ?? [];
  expect([...(table.match(NAME) ?? [])].toSorted()).toEqual((await registered()).toSorted());
});

it("every metric that the guide names exists", async () => {
  const names = new Set(await registered());
  const mentioned = readFileSync(GUIDE, "utf8").match(NAME) ?? [];
  expect(mentioned.length).toBeGreaterThan(names.size);
  for (const name of mentioned) expect(names, name).toContain(name);
});
