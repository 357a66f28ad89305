import { expect, it } from "vitest";
import type { Tabs } from "../tabs/tabs.ts";
import { createIssuerClient } from "./issuer-client.ts";

/** A fake of the Web Locks that a browser's tabs share. */
function oneAtATime(): Tabs["exclusively"] {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const done = (last.get(name) ?? Promise.resolve()).then(work, work);
    last.set(name, done);
    return done;
  };
}

it("rotates the secret in one tab at a time, for a refresh and for a switch of the tenant", async () => {
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const exclusively = oneAtATime();
  const [first, second] = [1, 2].map((tab) =>
    createIssuerClient({
      issuerUrl: "http://localhost:4000/auth",
      exclusively,
      fetch: async (input) => {
        asked.push(`tab ${tab}: ${new Request(input).url}`);
        await new Promise<void>((resolve) => answers.push(resolve));
        return new Response("{}");
      },
    }),
  );
  const both = [first!.refresh(), second!.switchTenant("globex")];
  await expect.poll(() => asked).toEqual(["tab 1: http://localhost:4000/auth/session/refresh"]);
  answers.shift()?.();
  await both[0];
  await expect.poll(() => asked).toHaveLength(2);
  expect(asked[1]).toBe("tab 2: http://localhost:4000/auth/session/tenant");
  answers.shift()?.();
  await both[1];
});
