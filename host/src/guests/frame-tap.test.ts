import { expect, it } from "vitest";
import { callOptions } from "../index.ts";
import { createHostForTesting, createTestGuest, createTestIssuer } from "../testing.ts";

it("reports a listener that throws, and every call still gets an answer or a time-out", async () => {
  const issuer = createTestIssuer();
  const broken = new Error("broken tool");
  const errors: unknown[] = [];
  using host = createHostForTesting(
    {
      ...issuer.hostOptions,
      apps: [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/" }],
      methods: { greet: () => "hello" },
      onError: (error) => errors.push(error),
    },
    issuer.hooks,
  );
  host.tap(() => {
    throw broken;
  });
  const guest = createTestGuest({ clock: issuer.clock });
  const mount = host.mount("orders", { place: guest.place });
  await guest.connect();
  expect(await guest.call("greet")).toBe("hello");
  guest.expose("wait", () => new Promise(() => undefined));
  const codes: unknown[] = [];
  for (const timeoutMs of [100, 100]) {
    mount.call("wait", callOptions({ timeoutMs })).catch(({ code }) => codes.push(code));
  }
  await issuer.clock.advance(1_000);
  expect(codes).toEqual(["CALL_TIMEOUT", "CALL_TIMEOUT"]);
  expect(errors).toContain(broken);
});
