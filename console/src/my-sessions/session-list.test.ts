import { createHostForTesting, createTestIssuer, type TestIssuer } from "@breezeway/host/testing";
import type { Host, SessionDevice } from "@breezeway/host";
import { createStore } from "@breezeway/shared/channel";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSessionList, type SessionList } from "./session-list.ts";

let issuer: TestIssuer;
let host: Host;
let list: SessionList;
let changes: string[];

beforeEach(async () => {
  issuer = createTestIssuer();
  host = createHostForTesting({ ...issuer.hostOptions, apps: [] }, issuer.hooks);
  await host.session.ready;
  changes = [];
  list = createSessionList(host.session, () => changes.push(list.view.is));
});
afterEach(() => {
  list.close();
  host.close();
});

const shown = (): number => (list.view.is === "shown" ? list.view.sessions.length : -1);

describe("the list of sessions", () => {
  it("loads, and says when it cannot", async () => {
    issuer.offline();
    await list.load();
    expect(list.view).toMatchObject({ is: "failed", error: { code: "OFFLINE" } });
    issuer.offline(false);
    await list.load();
    expect(changes).toEqual(["loading", "failed", "loading", "shown"]);
  });

  it("[MS-1] keeps the list while it reads again, also when that fails", async () => {
    await list.load();
    issuer.offline();
    await list.load();
    expect(shown()).toBe(1);
    expect(changes).toEqual(["loading", "shown"]);
  });

  it("[MS-3] follows a sign-out and the next sign-in", async () => {
    await list.load();
    await host.session.signOut();
    expect(list.view).toEqual({ is: "signed-out" });
    issuer.signIn({ userId: "bob", handle: "another" });
    issuer.signInElsewhere();
    await host.session.reload();
    await expect.poll(shown).toBe(2);
  });

  it("reads again after an end, and takes an ended session as done", async () => {
    const handle = issuer.signInElsewhere();
    issuer.signInElsewhere();
    await list.load();
    await list.endOther(handle);
    expect(shown()).toBe(2);
    await list.endOther(handle);
    expect(await list.endOthers()).toBe(1);
    expect(shown()).toBe(1);
    issuer.signInElsewhere();
    issuer.offline();
    await expect(list.endOthers()).rejects.toMatchObject({ code: "OFFLINE" });
  });

  it("hears nothing after it is closed", async () => {
    await list.load();
    list.close();
    changes = [];
    await host.session.signOut();
    expect(changes).toEqual([]);
  });
});

it("[MS-2] discards an answer that a later question has overtaken", async () => {
  const answers: ((devices: readonly SessionDevice[]) => void)[] = [];
  const answer = createStore<null | undefined>(undefined);
  const slow = createSessionList(
    {
      answer,
      subscribe: () => () => undefined,
      devices: () => new Promise((resolve) => void answers.push(resolve)),
      endOther: () => Promise.resolve(),
      endOthers: () => Promise.resolve(0),
    },
    () => undefined,
  );
  const both = [slow.load(), slow.load()];
  answers[1]?.([]);
  await both[1];
  const late = { handle: "late" } as SessionDevice;
  answers[0]?.([late]);
  await both[0];
  expect(slow.view).toEqual({ is: "shown", sessions: [] });
});
