/** Measures what operations of an issuer cost it and its Postgres, over real HTTP. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "@breezeway/test-support/postgres";
import type { Units } from "../units.ts";
import {
  assertSucceeded,
  issuerRequest,
  mintRequest,
  openConnections,
  openStreams,
} from "./http-load.ts";
import { paced, RATES } from "./paced.ts";
import { createPostgresMeter, type PostgresMeter } from "./postgres-cost.ts";
import type { SignedIn } from "./protocol.ts";
import { startServer, type ServerProcess } from "./server-process.ts";

export type IssuerUnits = Pick<
  Units,
  | "issuerCpuMs"
  | "issuerBytes"
  | "postgresCpuMs"
  | "postgresStatements"
  | "postgresRowWrites"
  | "postgresBytes"
>;

/** Enough that a hundredth of a second of processor time does not matter. */
const OPERATIONS = 3_000;
const RARE_OPERATIONS = 800;
const STREAMS = 1_500;
const CHANGES = 300;
const CONNECTIONS = 16;
const IDLE_SECONDS = 10;
const WARM_UP_ROUNDS = 2;
const WARM_UP_CHANGES = 1_000;
const HEARTBEAT_ROUNDS = 2;

interface Cost {
  readonly cpuMs: number;
  readonly statements: number;
  readonly rowWrites: number;
  readonly postgresCpuMs: number;
  readonly walBytes: number;
}

interface Bench {
  /** Signs in and changes sessions. */
  readonly writer: ServerProcess;
  /** Serves requests and streams. */
  readonly server: ServerProcess;
  readonly meter: PostgresMeter;
}

export async function measureIssuer(database: Database): Promise<IssuerUnits> {
  const meter = await createPostgresMeter(database.pool);
  await using writer = await startServer("issuer", { database: database.url });
  await using server = await startServer("issuer", { database: database.url });
  const bench: Bench = { writer, server, meter };
  const early = await writer.signIn(0, OPERATIONS, 100);
  const sessionBytes = await warmUp(bench, early);
  const { rss } = await server.usage();
  const idle = await costOf(bench, server, () => sleep(IDLE_SECONDS * 1_000));
  const each = perOperation(bench, scaled(idle, 1 / IDLE_SECONDS));

  const sessions = await writer.signIn(OPERATIONS, OPERATIONS, 100);
  const sessionRow = (await meter.sizeOf("breezeway_session")) / (2 * OPERATIONS);
  const signIn = await each(writer, RARE_OPERATIONS, () =>
    paced(RARE_OPERATIONS, RATES.signIns, (n) => writer.signIn(2 * OPERATIONS + n, 1, 100)),
  );
  const requests = await measureRequests(bench, each, sessions);
  const streams = await measureStreams(bench, each, sessions);
  const second = scaled(idle, 1 / IDLE_SECONDS);
  return {
    issuerCpuMs: {
      idlePerSecond: second.cpuMs,
      warmMint: requests.warmMint.cpuMs,
      coldMint: requests.coldMint.cpuMs,
      sessionRead: requests.sessionRead.cpuMs,
      refresh: requests.refresh.cpuMs,
      signIn: signIn.cpuMs,
      ...streams.cpuMs,
    },
    issuerBytes: {
      // A process under load holds more than one that has just started.
      process: rss - OPERATIONS * sessionBytes,
      sessionInMemory: sessionBytes,
      stream: streams.streamBytes,
    },
    postgresCpuMs: {
      // Both issuers ask it while they are idle.
      idlePerSecond: second.postgresCpuMs / 2,
      coldMint: requests.coldMint.postgresCpuMs,
      refresh: requests.refresh.postgresCpuMs,
      signIn: signIn.postgresCpuMs,
      ...streams.postgresCpuMs,
    },
    postgresStatements: {
      idlePerSecond: second.statements,
      coldMint: requests.coldMint.statements,
      refresh: requests.refresh.statements,
      signIn: signIn.statements,
      change: streams.change.statements,
      changeRead: streams.changeRead.statements,
    },
    postgresRowWrites: {
      refresh: requests.refresh.rowWrites,
      signIn: signIn.rowWrites,
      change: streams.change.rowWrites,
    },
    postgresBytes: {
      sessionRow,
      changeRow: (await meter.sizeOf("breezeway_change")) / streams.changes,
      walRefresh: requests.refresh.walBytes,
      walSignIn: signIn.walBytes,
      walChange: streams.change.walBytes,
    },
  };
}

/**
 * Lets the optimising compiler work before anything counts.
 *
 * @returns bytes of a session in memory. The second half of the sessions shows them: the first half has
 *   filled what does not grow, and nothing has left memory yet
 */
export async function warmUp(
  { writer, server }: Pick<Bench, "writer" | "server">,
  sessions: readonly SignedIn[],
): Promise<number> {
  using connections = openConnections(server.port, CONNECTIONS);
  const mints = sessions.map(({ cookie }) => mintRequest(cookie));
  const half = mints.length / 2;
  assertSucceeded(await connections.send(mints.slice(0, half)));
  const heapBefore = (await server.usage(true)).heapUsed;
  assertSucceeded(await connections.send(mints.slice(half)));
  const sessionBytes = ((await server.usage(true)).heapUsed - heapBefore) / half;
  for (let round = 1; round < WARM_UP_ROUNDS; round += 1) {
    assertSucceeded(await connections.send(mints));
  }
  const reads = sessions.map(({ cookie }) => issuerRequest("GET", "/session", cookie));
  assertSucceeded(await connections.send(reads));
  const refreshes = sessions.map(({ cookie }) => issuerRequest("POST", "/session/refresh", cookie));
  assertSucceeded(await connections.send(refreshes));
  await writer.change(
    sessions.map(({ handle }) => handle),
    WARM_UP_CHANGES,
  );
  return sessionBytes;
}

async function costOf(
  { meter }: Bench,
  server: ServerProcess,
  run: () => Promise<unknown>,
): Promise<Cost> {
  const before = { ...(await server.usage()), postgres: await meter.cost() };
  await run();
  const after = { ...(await server.usage()), postgres: await meter.cost() };
  return {
    cpuMs: after.cpuMs - before.cpuMs,
    statements: after.statements - before.statements,
    rowWrites: after.rowWrites - before.rowWrites,
    postgresCpuMs: after.postgres.cpuMs - before.postgres.cpuMs,
    walBytes: after.postgres.walBytes - before.postgres.walBytes,
  };
}

function scaled(cost: Cost, factor: number): Cost {
  return {
    cpuMs: cost.cpuMs * factor,
    statements: cost.statements * factor,
    rowWrites: cost.rowWrites * factor,
    postgresCpuMs: cost.postgresCpuMs * factor,
    walBytes: cost.walBytes * factor,
  };
}

type Each = (
  server: ServerProcess,
  operations: number,
  run: () => Promise<unknown>,
) => Promise<Cost>;

/** The cost of one operation, without what the processes do beside it. */
function perOperation(bench: Bench, idle: Cost): Each {
  return async (server, operations, run) => {
    const startedAt = performance.now();
    const cost = await costOf(bench, server, run);
    const seconds = (performance.now() - startedAt) / 1_000;
    const net = (name: keyof Cost): number =>
      Math.max(0, cost[name] - idle[name] * seconds) / operations;
    return {
      cpuMs: net("cpuMs"),
      statements: net("statements"),
      rowWrites: net("rowWrites"),
      postgresCpuMs: net("postgresCpuMs"),
      walBytes: net("walBytes"),
    };
  };
}

interface Requests {
  readonly coldMint: Cost;
  readonly warmMint: Cost;
  readonly sessionRead: Cost;
  readonly refresh: Cost;
}

/** The server has none of the sessions in memory at first, since the writer has opened them. */
async function measureRequests(
  { server }: Bench,
  each: Each,
  sessions: readonly SignedIn[],
): Promise<Requests> {
  using connections = openConnections(server.port, CONNECTIONS);
  const send =
    (requests: readonly string[], perSecond: number = RATES.requests) =>
    async (): Promise<void> =>
      assertSucceeded(await connections.sendPaced(requests, perSecond));
  const mint = send(sessions.map(({ cookie }) => mintRequest(cookie)));
  const read = send(sessions.map(({ cookie }) => issuerRequest("GET", "/session", cookie)));
  const rotating = sessions.slice(0, RARE_OPERATIONS);
  const rotate = send(
    rotating.map(({ cookie }) => issuerRequest("POST", "/session/refresh", cookie)),
    RATES.refreshes,
  );
  const coldMint = await each(server, sessions.length, mint);
  const warmMint = await each(server, sessions.length, mint);
  const sessionRead = await each(server, sessions.length, read);
  const refresh = await each(server, rotating.length, rotate);
  return { coldMint, warmMint, sessionRead, refresh };
}

interface Streams {
  readonly cpuMs: Pick<
    Units["issuerCpuMs"],
    "streamOpen" | "heartbeat" | "changeWrite" | "changeRead" | "changeTold"
  >;
  readonly postgresCpuMs: Pick<Units["postgresCpuMs"], "change" | "changeRead">;
  readonly change: Cost;
  readonly changeRead: Cost;
  readonly streamBytes: number;
  /** Rows in the change log. */
  readonly changes: number;
}

async function measureStreams(
  bench: Bench,
  each: Each,
  known: readonly SignedIn[],
): Promise<Streams> {
  const { writer, server } = bench;
  const others = known.map(({ handle }) => handle);
  const listening = await writer.signIn(3 * OPERATIONS, STREAMS, 100);
  const cookies = listening.map(({ cookie }) => cookie);
  const rssBefore = (await server.usage(true)).rss;
  const opened: { streams?: Awaited<ReturnType<typeof openStreams>> } = {};
  const streamOpen = await each(server, STREAMS, async () => {
    opened.streams = await openStreams(server.port, cookies);
  });
  using streams = opened.streams ?? (await openStreams(server.port, []));
  const streamBytes = ((await server.usage(true)).rss - rssBefore) / STREAMS;
  const heartbeats = HEARTBEAT_ROUNDS * STREAMS;
  const heartbeat = await each(server, heartbeats, () =>
    until(() => streams.heartbeats, streams.heartbeats + heartbeats),
  );

  // The heartbeats go on beside the changes.
  const beside = async (run: () => Promise<unknown>): Promise<number> => {
    const before = streams.heartbeats;
    await run();
    return streams.heartbeats - before;
  };
  // One after the other, as users cause them: changes that come together share reads of the log.
  const make = (handles: readonly string[]): Promise<unknown> =>
    paced(CHANGES, RATES.changes, (n) => writer.change([handles[n] ?? ""], 1));
  const change = await each(writer, CHANGES, () => make(others));
  let beats = 0;
  const read = await each(server, CHANGES, async () => {
    beats = await beside(() => make(others));
  });
  const readCpuMs = Math.max(0, read.cpuMs - (beats * heartbeat.cpuMs) / CHANGES);
  const told = await each(server, CHANGES, async () => {
    const expected = streams.events + CHANGES;
    beats = await beside(async () => {
      await make(listening.map(({ handle }) => handle));
      await until(() => streams.events, expected);
    });
  });
  const toldCpuMs = told.cpuMs - (beats * heartbeat.cpuMs) / CHANGES - readCpuMs;
  // Both processes' queries are in the database's cost; the reader's share follows its statements.
  const share = read.statements / (read.statements + change.statements);
  return {
    cpuMs: {
      streamOpen: streamOpen.cpuMs,
      heartbeat: heartbeat.cpuMs,
      changeWrite: change.cpuMs,
      changeRead: readCpuMs,
      changeTold: Math.max(0, toldCpuMs),
    },
    postgresCpuMs: {
      change: change.postgresCpuMs * (1 - share),
      changeRead: change.postgresCpuMs * share,
    },
    change,
    changeRead: read,
    streamBytes,
    changes: WARM_UP_CHANGES + 3 * CHANGES,
  };
}

async function until(count: () => number, expected: number): Promise<void> {
  const deadline = performance.now() + 300_000;
  while (count() < expected) {
    if (performance.now() > deadline) throw new Error(`Only ${count()} of ${expected} arrived.`);
    await sleep(20);
  }
}
