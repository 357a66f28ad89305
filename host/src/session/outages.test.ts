/** A page whose issuer is away: at the start, later, and again and again. */
import { afterEach, describe, expect, it } from "vitest";
import { BridgeError, toProblem } from "@breezeway/shared";
import { closeSessionPages, openSessionPage } from "../../test-support/session-page.ts";

afterEach(closeSessionPages);

const FAULTS: readonly [string, () => Response][] = [
  [
    "cannot be reached",
    () => {
      throw new TypeError("no network");
    },
  ],
  [
    "has no store",
    () => {
      const { body, ...init } = toProblem(new BridgeError("STORE_UNAVAILABLE", "away"), {
        requestId: "r",
      });
      return new Response(body, init);
    },
  ],
  ["answers with a page of a proxy", () => new Response("<html>", { status: 502 })],
];

describe.each(FAULTS)("while the issuer %s", (_name, fault) => {
  it("the page asks from its start on, and shows the session once it has an answer", async () => {
    const { issuer, host, network, streams } = openSessionPage({ fault });
    await host.session.ready;
    await issuer.advance(60_000);
    expect([host.session.answer.current, streams.length]).toEqual([undefined, 0]);
    network.fault = undefined;
    await issuer.advance(30_000);
    expect([host.session.current?.userId, streams.length]).toEqual(["alice", 1]);
  });

  it("the page keeps its session, and learns of a change after each outage", async () => {
    const { issuer, host, network, streams } = openSessionPage();
    await host.session.ready;
    await issuer.advance(0);
    for (const tenantId of ["globex", "acme", "globex"]) {
      const before = host.session.current?.tenantId;
      const opened = streams.length;
      network.fault = fault;
      streams.at(-1)?.refuse();
      issuer.signIn({ ...issuer.session!, tenantId });
      // Its question about the session is refused, and it waits to open the stream again.
      await issuer.advance(0);
      await issuer.advance(1_000);
      expect([host.session.current?.tenantId, streams.length]).toEqual([before, opened + 1]);
      network.fault = undefined;
      streams.at(-1)?.tell("open");
      await issuer.advance(0);
      expect(host.session.current?.tenantId).toBe(tenantId);
    }
  });
});
