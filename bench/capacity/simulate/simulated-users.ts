/** Users who work: they ask a real issuer and a real gateway for what a plan says. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  assertSucceeded,
  gatewayRequest,
  issuerRequest,
  mintRequest,
  openStreams,
  type Answer,
  type Connections,
  type EventStreams,
} from "../measure/http-load.ts";
import { APPS, type SignedIn } from "../measure/protocol.ts";
import type { ServerProcess } from "../measure/server-process.ts";
import type { CapacityOptions } from "../options.ts";
import type { PlannedEvent } from "./plan.ts";

/** One active user, with the latest cookie and the latest token of each app. */
interface User {
  readonly handle: string;
  cookie: string;
  readonly tokens: string[];
  stream: EventStreams | undefined;
}

export interface SimulatedUsersDeps {
  readonly issuer: ServerProcess;
  readonly toIssuer: Connections;
  readonly toGateway: Connections;
  readonly options: CapacityOptions;
}

export interface SimulatedUsers extends Disposable {
  /**
   * Carries out the events, none before its time.
   *
   * @param fromSeconds The time of the plan that is now. Default 0.
   * @returns by how many seconds the last event ended late
   */
  follow(events: readonly PlannedEvent[], fromSeconds?: number): Promise<number>;
}

const STREAMS_AT_ONCE = 50;

export async function openPages(
  deps: SimulatedUsersDeps,
  sessions: readonly SignedIn[],
): Promise<SimulatedUsers> {
  const users = sessions.map(({ handle, cookie }): User => ({
    handle,
    cookie,
    tokens: [],
    stream: undefined,
  }));
  for (let index = 0; index < users.length; index += STREAMS_AT_ONCE) {
    await Promise.all(
      users.slice(index, index + STREAMS_AT_ONCE).map(async (user) => {
        await openPage(deps, user);
        await openStream(deps, user);
      }),
    );
  }
  return {
    follow: (events, fromSeconds = 0) => follow(deps, users, { events, fromSeconds }),
    [Symbol.dispose]: () => {
      for (const { stream } of users) stream?.[Symbol.dispose]();
    },
  };
}

interface PartOfPlan {
  readonly events: readonly PlannedEvent[];
  readonly fromSeconds: number;
}

async function follow(
  deps: SimulatedUsersDeps,
  users: readonly User[],
  { events, fromSeconds }: PartOfPlan,
): Promise<number> {
  const startedAt = performance.now() - fromSeconds * 1_000;
  const open = new Set<Promise<void>>();
  let failure: unknown;
  let signIns = deps.options.users;
  for (const event of events) {
    const early = event.atSeconds * 1_000 - (performance.now() - startedAt);
    if (early > 1) await sleep(early);
    if (failure !== undefined) break;
    const user = users[event.user % users.length];
    if (!user) continue;
    signIns += 1;
    const done = carryOut(deps, { user, event, newcomer: signIns })
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => open.delete(done));
    open.add(done);
  }
  await Promise.all(open);
  if (failure !== undefined) throw failure as Error;
  const lastAtSeconds = events.at(-1)?.atSeconds ?? 0;
  return Math.max(0, (performance.now() - startedAt) / 1_000 - lastAtSeconds);
}

interface Doing {
  readonly user: User;
  readonly event: PlannedEvent;
  readonly newcomer: number;
}

async function carryOut(
  deps: SimulatedUsersDeps,
  { user, event: { kind, app }, newcomer }: Doing,
): Promise<void> {
  const { issuer, toGateway, options } = deps;
  switch (kind) {
    case "renew":
      return mint(deps, user, app);
    case "request":
      return succeed(toGateway.ask(gatewayRequest(user.tokens[app] ?? ""))).then(() => undefined);
    case "load":
      await openPage(deps, user);
      // One of the tabs holds the stream.
      if (newcomer % options.tabs === 0) await openStream(deps, user);
      return undefined;
    case "refresh": {
      const { text } = await succeed(
        deps.toIssuer.ask(issuerRequest("POST", "/session/refresh", user.cookie)),
      );
      user.cookie = /\r\nset-cookie: ([^;]+)/iu.exec(text)?.[1] ?? user.cookie;
      return undefined;
    }
    case "sign-in":
      await issuer.signIn(newcomer, 1, options.tenants);
      return undefined;
    case "change":
      await issuer.change([user.handle], 1);
      return openPage(deps, user);
  }
}

/** A page reads its session and asks for the token of each app. */
async function openPage(deps: SimulatedUsersDeps, user: User): Promise<void> {
  await succeed(deps.toIssuer.ask(issuerRequest("GET", "/session", user.cookie)));
  const apps = Array.from({ length: deps.options.apps }, (_, app) => app);
  await Promise.all(apps.map((app) => mint(deps, user, app)));
}

async function mint({ toIssuer }: SimulatedUsersDeps, user: User, app: number): Promise<void> {
  const appId = APPS[app % APPS.length]?.id ?? "";
  const { text } = await succeed(toIssuer.ask(mintRequest(user.cookie, appId)));
  user.tokens[app] = /"token":"([^"]+)"/u.exec(text)?.[1] ?? "";
}

async function openStream({ issuer }: SimulatedUsersDeps, user: User): Promise<void> {
  user.stream?.[Symbol.dispose]();
  user.stream = await openStreams(issuer.port, [user.cookie]);
}

async function succeed(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  assertSucceeded([answer]);
  return answer;
}
