import { describe, expect, it } from "vitest";
import { systemClock } from "@breezeway/shared/channel";
import type { TabMessage } from "../tabs/tabs.ts";
import { createHostSession, type HostSessionControl } from "./host-session.ts";
import { createIssuerClient } from "./issuer-client.ts";
import { shortSignOutMemory } from "./sign-out-memory.ts";
import { createSignOuts } from "./sign-outs.ts";

const NOBODY = new Response(JSON.stringify({ reason: "session-missing" }), { status: 401 });

function summaryOf(userId: string, tenantId = "acme"): Response {
  return Response.json({
    handle: `session of ${userId}`,
    userId,
    tenantId,
    tenants: ["acme", "globex"],
    scopes: [],
    claims: {},
    createdAtSeconds: 1,
    expiresAtSeconds: 2,
  });
}

interface World {
  readonly session: HostSessionControl;
  /** Answers the oldest pending request. */
  readonly answer: (response: Response) => Promise<void>;
  readonly questions: string[];
  readonly told: TabMessage[];
}

function open(): World {
  const waiting: ((response: Response) => void)[] = [];
  const questions: string[] = [];
  const told: TabMessage[] = [];
  const client = createIssuerClient({
    issuerUrl: "http://localhost:4000/auth",
    exclusively: (_name, work) => work(),
    fetch: (input, init) => {
      questions.push(`${init?.method} ${new URL(new Request(input).url).pathname}`);
      return new Promise((resolve) => waiting.push(resolve));
    },
  });
  const session = createHostSession({
    client,
    signOuts: createSignOuts({ client, clock: systemClock(), memory: shortSignOutMemory() }),
    tell: (message) => void told.push(message),
    onFirstFailed: () => undefined,
  });
  return {
    session,
    questions,
    told,
    answer: async (response) => {
      waiting.shift()?.(response.clone());
      // Waits until the session has processed the answer.
      await new Promise(setImmediate);
    },
  };
}

async function signedIn(userId: string): Promise<World> {
  const world = open();
  await world.answer(summaryOf(userId));
  expect(world.session.current?.userId).toBe(userId);
  return world;
}

describe("the end of a session", () => {
  it("is not undone by the answer to an earlier request", async () => {
    const { session, answer } = await signedIn("alice");
    const asked = session.refetch();
    session.ended("session of alice");
    expect(session.current).toBeNull();
    await answer(summaryOf("alice"));
    expect(session.current).toBeNull();
    await answer(NOBODY);
    expect(await asked).toBeNull();
    expect(session.current).toBeNull();
  });

  it("does not end the next session, whose answer is in flight", async () => {
    const { session, answer } = await signedIn("alice");
    const reloaded = session.reload();
    session.ended("session of alice");
    await answer(summaryOf("bob"));
    await answer(summaryOf("bob"));
    expect((await reloaded)?.userId).toBe("bob");
    expect(session.current?.userId).toBe("bob");
  });

  it("does not end the next session when its event arrives late", async () => {
    const { session, answer } = await signedIn("alice");
    const reloaded = session.reload();
    await answer(summaryOf("bob"));
    await reloaded;
    session.ended("session of alice");
    expect(session.current?.userId).toBe("bob");
  });
});

describe("signing out", () => {
  it("is not undone by the answer to an earlier request, and names the session to the other tabs", async () => {
    const { session, answer, questions, told } = await signedIn("alice");
    const asked = session.refetch();
    const done = session.signOut();
    expect(session.current).toBeNull();
    await answer(summaryOf("alice"));
    await asked;
    expect(session.current).toBeNull();
    await answer(new Response(null, { status: 204 }));
    await done;
    expect(questions.slice(1)).toEqual(["GET /auth/session", "DELETE /auth/session"]);
    expect(told).toEqual([{ type: "ended", handle: "session of alice" }]);
  });

  it("makes the other tabs request the session when the issuer has not answered yet", async () => {
    const { session, answer, told } = open();
    const done = session.signOut();
    await answer(summaryOf("alice"));
    await answer(new Response(null, { status: 204 }));
    await done;
    expect(session.current).toBeNull();
    expect(told).toEqual([{ type: "changed" }]);
  });
});

describe("a second request while an answer is in flight", () => {
  it("settles with the later answer when an event has overtaken the first request", async () => {
    const { session, answer } = await signedIn("alice");
    let tenantAtEnd: string | undefined;
    const switched = session.switchTenant("globex").then(() => {
      tenantAtEnd = session.current?.tenantId;
    });
    await answer(new Response(null, { status: 200 }));
    const heard = session.refetch();
    await answer(summaryOf("alice", "globex"));
    expect([session.current?.tenantId, tenantAtEnd]).toEqual(["acme", undefined]);
    await answer(summaryOf("alice", "globex"));
    await Promise.all([switched, heard]);
    expect(tenantAtEnd).toBe("globex");
  });

  it("does not fail when only the earlier request got no answer", async () => {
    const { session, answer } = await signedIn("alice");
    const reloaded = session.reload();
    const heard = session.refetch();
    await answer(new Response(null, { status: 503 }));
    await answer(summaryOf("alice", "globex"));
    expect((await reloaded)?.tenantId).toBe("globex");
    await heard;
  });

  it("settles when a sign-out has overtaken both requests", async () => {
    const { session, answer } = await signedIn("alice");
    const asked = [session.refetch(), session.refetch()];
    const done = session.signOut();
    await answer(summaryOf("alice"));
    await answer(summaryOf("alice"));
    expect(await Promise.all(asked)).toEqual([null, null]);
    await answer(new Response(null, { status: 204 }));
    await done;
  });
});
