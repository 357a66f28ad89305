import { expect, it } from "vitest";
import { sendAsHostPage, startIssuerProcess } from "@breezeway/test-support/issuer-process";
import { describeStores } from "../test-support/stores.ts";
import { cookieOf } from "../test-support/test-issuer.ts";

const ROUNDS = 4;
const CLIENTS = 8;
const ALICE = { userId: "alice", tenantId: "acme" };

/** What a client knows about one session. */
interface Known {
  cookie: string;
  /** `unknown`: the client asked to end it and got no answer. */
  state: "live" | "ended" | "unknown";
}

/** Signs in, refreshes and signs out until the issuer is killed. Records acknowledged steps only. */
async function work(url: string, known: Known[]): Promise<void> {
  try {
    for (let turn = 0; ; turn += 1) {
      const login = await sendAsHostPage(`${url}/login/dev`, "POST", { body: ALICE });
      const session: Known = { cookie: cookieOf(login), state: "live" };
      known.push(session);
      const refreshed = await sendAsHostPage(`${url}/session/refresh`, "POST", session);
      session.cookie = cookieOf(refreshed);
      if (turn % 2 === 0) continue;
      session.state = "unknown";
      await sendAsHostPage(`${url}/session`, "DELETE", session);
      session.state = "ended";
    }
  } catch {
    // The issuer was killed during a request.
  }
}

describeStores("an issuer on $name that is killed during writes", (place) => {
  it("keeps every acknowledged session and revives no revoked one", async () => {
    const known: Known[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const issuer = await startIssuerProcess(place().location);
      const before = known.length;
      const clients = Array.from({ length: CLIENTS }, () => work(issuer.url, known));
      // Kills it after some work, while all clients have open requests.
      await expect.poll(() => known.length - before, { interval: 1 }).toBeGreaterThan(30);
      await issuer.kill();
      await Promise.all(clients);
    }
    const issuer = await startIssuerProcess(place().location);
    const wrong: string[] = [];
    for (const { cookie, state } of known) {
      const { status } = await sendAsHostPage(`${issuer.url}/session`, "GET", { cookie });
      if (state === "live" && status !== 200) wrong.push(`lost: ${status}`);
      if (state === "ended" && status !== 401) wrong.push(`resurrected: ${status}`);
    }
    expect(wrong).toEqual([]);
    expect(known.filter(({ state }) => state === "ended").length).toBeGreaterThan(10);
    await issuer.kill();
  });
});
