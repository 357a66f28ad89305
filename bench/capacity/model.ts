/**
 * How many processes, connections and statements a number of users needs, from measured unit costs. Pure.
 *
 * Assumptions:
 * - an active user has one browser. Its tabs share one event stream and one rotation, and each visible
 *   page mints its own first tokens;
 * - a page that receives a change reads its session and asks for new tokens;
 * - requests of one session go to any process with the same probability, and at random times;
 * - rates are those of the busiest minutes. A working day has eight hours, and its sign-ins and changes of
 *   tenants are spread evenly over them.
 */
import type { CapacityOptions } from "./options.ts";
import type { Units } from "./units.ts";

/** What the product fixes. `scripts/docs/capacity.test.ts` compares the values with the sources. */
export const PRODUCT = {
  /** Part of a token's mean life after which a page asks for the next one. */
  renewalShare: 0.7,
  /** Mean part of `tokenTtlSeconds` that a token lives, since the issuer shortens each at random. */
  lifeShare: 0.95,
  /** A session leaves the memory of an issuer at the latest after this time. */
  maxSecondsInMemory: 3_600,
  /** Event streams of one issuer without its reserve. */
  streamsPerIssuer: 18_000,
  heartbeatSeconds: 10,
  /** Verified tokens in the memory of one gateway. */
  tokensInMemory: 10_000,
  /** Changes stay in the log for two hours. */
  changeLogSeconds: 7_200,
  /** Each issuer has one more connection, for LISTEN. */
  listenConnections: 1,
} as const;

const WORKING_DAY_SECONDS = 8 * 3_600;
/** One of them may be down. */
const MIN_PROCESSES = 2;
/** More than anybody runs: the load of one process does not fall any more. */
const MAX_PROCESSES = 1_000_000;

export interface Rates {
  readonly activeUsers: number;
  readonly mints: number;
  readonly sessionReads: number;
  readonly streamOpens: number;
  readonly refreshes: number;
  readonly signIns: number;
  /** Changes of one session each. */
  readonly sessionChanges: number;
  /** All changes, with those of whole tenants. */
  readonly changes: number;
  /** Streams that a change concerns, of all changes per second. */
  readonly told: number;
  readonly gatewayRequests: number;
  /** New session tokens per second for each token in use. */
  readonly renewalsPerSecond: number;
}

export interface Servers {
  /** `Infinity` when no number of processes carries the load. */
  readonly processes: number;
  /** Processor seconds per second, of all processes. */
  readonly cores: number;
  readonly bytesPerProcess: number;
}

export interface Estimate {
  readonly rates: Rates;
  readonly issuer: Servers & {
    readonly coldMints: number;
    readonly streams: number;
    readonly streamsPerProcess: number;
    /** Processor time of one process for changes that concern no one there, per second. */
    readonly changeReadCores: number;
  };
  readonly gateway: Servers & {
    readonly newTokens: number;
    readonly idleConnections: number;
  };
  readonly postgres: {
    readonly connections: number;
    readonly statements: number;
    readonly rowWrites: number;
    readonly cores: number;
    readonly walBytes: number;
    readonly sessionBytes: number;
    readonly changeLogBytes: number;
  };
  readonly redis: { readonly commands: number };
  /** Streams that one change of a whole tenant concerns. */
  readonly streamsPerTenant: number;
}

/** Per second, unless a name says otherwise. */
export function ratesOf(options: CapacityOptions): Rates {
  const activeUsers = options.users * options.active;
  const loads = (activeUsers * options.tabs * options.loads) / 3_600;
  const life = options["token-seconds"] * PRODUCT.lifeShare;
  const renewalsPerSecond = 1 / (life * PRODUCT.renewalShare);
  const sessionChanges = (activeUsers / 1_000) * (options.changes / 60);
  const tenantChanges = (options.tenants * options["tenant-changes"]) / WORKING_DAY_SECONDS;
  const told = sessionChanges + tenantChanges * (activeUsers / options.tenants);
  return {
    activeUsers,
    mints: options.apps * (activeUsers * renewalsPerSecond + loads + told),
    sessionReads: loads + told,
    // The tab that holds the stream is one of the tabs.
    streamOpens: loads / options.tabs,
    refreshes: activeUsers / (options["refresh-minutes"] * 60),
    signIns: (options.users * options["sign-ins"]) / WORKING_DAY_SECONDS,
    sessionChanges,
    changes: sessionChanges + tenantChanges,
    told,
    gatewayRequests: (activeUsers * options.requests) / 60,
    renewalsPerSecond,
  };
}

export interface Memory {
  /** Sessions or tokens in use. */
  readonly items: number;
  readonly usesPerSecondEach: number;
  /** An item leaves the memory at the latest after this time. */
  readonly maxSeconds: number;
  readonly maxItems: number;
}

/**
 * Uses per second that do not find their item in memory. An item that is used at random times is read
 * once, stays for `maxSeconds`, and is missed at its next use. A memory with too little room has the
 * share of the items that fits.
 */
export function missesPerSecond({ items, usesPerSecondEach, ...memory }: Memory): number {
  if (usesPerSecondEach === 0) return 0;
  const byAge = items / (memory.maxSeconds + 1 / usesPerSecondEach);
  const byRoom = usesPerSecondEach * Math.max(0, items - memory.maxItems);
  return Math.max(byAge, byRoom);
}

/** The least number of processes that fits, by bisection. */
function leastProcesses(fits: (processes: number) => boolean): number {
  let low = MIN_PROCESSES;
  let high = MAX_PROCESSES;
  if (!fits(high)) return Number.POSITIVE_INFINITY;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface Shared {
  readonly units: Units;
  readonly options: CapacityOptions;
  readonly rates: Rates;
}

/**
 * Mean time that a session stays in memory, when changes and rotations of single sessions drop it at random
 * times before `maxSecondsInMemory`.
 */
function secondsInMemory({ activeUsers, sessionChanges, refreshes }: Rates): number {
  const dropsPerSecond = (sessionChanges + refreshes) / activeUsers;
  const { maxSecondsInMemory } = PRODUCT;
  if (dropsPerSecond === 0) return maxSecondsInMemory;
  return -Math.expm1(-dropsPerSecond * maxSecondsInMemory) / dropsPerSecond;
}

function coldMintsOf({ options, rates }: Shared, processes: number): number {
  const { activeUsers, mints, sessionReads } = rates;
  if (activeUsers === 0) return 0;
  const each = {
    items: activeUsers,
    usesPerSecondEach: (mints + sessionReads) / activeUsers / processes,
    maxSeconds: secondsInMemory(rates),
    maxItems: options["in-memory"],
  };
  return processes * missesPerSecond(each);
}

function issuerCores(shared: Shared, processes: number): number {
  const { units, rates } = shared;
  const cost = units.issuerCpuMs;
  const coldMints = coldMintsOf(shared, processes);
  const ms =
    processes * (cost.idlePerSecond + rates.changes * cost.changeRead) +
    rates.mints * cost.warmMint +
    coldMints * Math.max(0, cost.coldMint - cost.warmMint) +
    rates.sessionReads * cost.sessionRead +
    rates.refreshes * cost.refresh +
    rates.signIns * cost.signIn +
    rates.streamOpens * cost.streamOpen +
    (rates.activeUsers / PRODUCT.heartbeatSeconds) * cost.heartbeat +
    rates.changes * Math.max(0, cost.changeWrite - cost.changeRead) +
    rates.told * cost.changeTold;
  return ms / 1_000;
}

export function estimateIssuer(shared: Shared, given?: number): Estimate["issuer"] {
  const { units, options, rates } = shared;
  const processes =
    given ??
    leastProcesses(
      (count) =>
        issuerCores(shared, count) / count <= options["core-use"] &&
        rates.activeUsers / count <= PRODUCT.streamsPerIssuer,
    );
  const streamsPerProcess = rates.activeUsers / processes;
  const { process, sessionInMemory, stream } = units.issuerBytes;
  const inMemory = Math.min(options["in-memory"], rates.activeUsers);
  return {
    processes,
    cores: Number.isFinite(processes) ? issuerCores(shared, processes) : Number.POSITIVE_INFINITY,
    bytesPerProcess: process + inMemory * sessionInMemory + streamsPerProcess * stream,
    coldMints: Number.isFinite(processes) ? coldMintsOf(shared, processes) : rates.mints,
    streams: rates.activeUsers,
    streamsPerProcess,
    changeReadCores: (rates.changes * units.issuerCpuMs.changeRead) / 1_000,
  };
}

function newTokensOf({ options, rates }: Shared, processes: number): number {
  const tokens = rates.activeUsers * options.apps;
  if (tokens === 0) return 0;
  const each = {
    items: tokens,
    usesPerSecondEach: rates.gatewayRequests / tokens / processes,
    maxSeconds: 1 / rates.renewalsPerSecond,
    maxItems: PRODUCT.tokensInMemory,
  };
  return Math.min(rates.gatewayRequests, processes * missesPerSecond(each));
}

function gatewayCores(shared: Shared, processes: number): number {
  const { units, options, rates } = shared;
  const cost = units.gatewayCpuMs;
  const newTokens = newTokensOf(shared, processes);
  const ms =
    processes * cost.idlePerSecond +
    rates.gatewayRequests * (cost.repeatedToken + options.limited * cost.sharedLimit) +
    newTokens * Math.max(0, cost.newToken - cost.repeatedToken);
  return ms / 1_000;
}

export function estimateGateway(shared: Shared, given?: number): Estimate["gateway"] {
  const { units, options, rates } = shared;
  const processes =
    given ?? leastProcesses((count) => gatewayCores(shared, count) / count <= options["core-use"]);
  const idleConnections = rates.activeUsers * options["idle-connections"];
  const { process, tokenInMemory, idleConnection } = units.gatewayBytes;
  const tokens = Math.min(PRODUCT.tokensInMemory, rates.activeUsers * options.apps);
  return {
    processes,
    cores: Number.isFinite(processes) ? gatewayCores(shared, processes) : Number.POSITIVE_INFINITY,
    bytesPerProcess:
      process + tokens * tokenInMemory + (idleConnections / processes) * idleConnection,
    newTokens: Number.isFinite(processes) ? newTokensOf(shared, processes) : rates.gatewayRequests,
    idleConnections,
  };
}

export function estimatePostgres(
  { units, options, rates }: Shared,
  { processes, coldMints }: Pick<Estimate["issuer"], "processes" | "coldMints">,
): Estimate["postgres"] {
  const { refreshes, signIns, changes } = rates;
  const sum = (cost: Units["postgresCpuMs"]): number =>
    processes * cost.idlePerSecond +
    coldMints * cost.coldMint +
    refreshes * cost.refresh +
    signIns * cost.signIn +
    changes * (cost.change + Math.max(0, processes - 1) * cost.changeRead);
  const { sessionRow, changeRow, walRefresh, walSignIn, walChange } = units.postgresBytes;
  const writes = units.postgresRowWrites;
  return {
    connections: processes * (options["max-connections"] + PRODUCT.listenConnections),
    statements: sum(units.postgresStatements),
    rowWrites: refreshes * writes.refresh + signIns * writes.signIn + changes * writes.change,
    cores: sum(units.postgresCpuMs) / 1_000,
    walBytes: refreshes * walRefresh + signIns * walSignIn + changes * walChange,
    sessionBytes: options.users * options.sessions * sessionRow,
    changeLogBytes: changes * PRODUCT.changeLogSeconds * changeRow,
  };
}

/** A number of processes that is given, instead of the least one that carries the load. */
export interface GivenProcesses {
  readonly issuers?: number;
  readonly gateways?: number;
}

export function estimate(
  units: Units,
  options: CapacityOptions,
  given: GivenProcesses = {},
): Estimate {
  const rates = ratesOf(options);
  const shared: Shared = { units, options, rates };
  const issuer = estimateIssuer(shared, given.issuers);
  return {
    rates,
    issuer,
    gateway: estimateGateway(shared, given.gateways),
    postgres: estimatePostgres(shared, issuer),
    redis: {
      commands: rates.gatewayRequests * options.limited * units.redisCommands.sharedLimit,
    },
    streamsPerTenant: rates.activeUsers / options.tenants,
  };
}
