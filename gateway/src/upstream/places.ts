/**
 * The places of one upstream: who holds how many of them, and who gets the next one.
 *
 * Rules:
 *  [PL-1] Session, user, app and client address each have a bound.
 *  [PL-2] The last quarter of the places is a reserve for users who hold few. While it is in use, those who
 *         hold more are refused, however many they are.
 *  [PL-3] A refused request is refused before it is counted.
 *
 * A holder's counts are looked up once for each request. Those without a place are forgotten together, when there are
 * many: removing an entry of a Map after each request would have the runtime rebuild its table over and over.
 */
import { BridgeError } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";

export interface Holder {
  readonly session: Pick<VerifiedSession, "handle" | "userId" | "appId"> | undefined;
  /** Address of the client; `undefined` when several clients may share it. */
  readonly address: string | undefined;
}

export interface PlaceLimits {
  readonly total: number;
  readonly perSession: number;
  readonly perUser: number;
  readonly perApp: number;
  readonly perAddress: number;
}

/** One place in four is reserved, and one in 256 is few: 256 and 4 of 1 024. */
const RESERVE_PART = 4;
const FEW_PART = 256;
const RETRY_AFTER_SECONDS = 1;

/** How many places somebody holds. */
interface Count {
  held: number;
}

/** The counts of one holder. Only for the {@link Places} that they come from. */
export interface Slots {
  readonly session: Count;
  readonly user: Count;
  readonly app: Count;
  /** `undefined` when several clients may share the address. */
  readonly address: Count | undefined;
}

/** So many entries without a place may stay, besides as many as have one. */
const KEPT = 1_024;

class Counts {
  readonly #counts = new Map<string, Count>();
  #sweepAt = KEPT;

  get size(): number {
    return this.#counts.size;
  }

  of(name: string): Count {
    let count = this.#counts.get(name);
    if (count === undefined) {
      if (this.#counts.size >= this.#sweepAt) this.#sweep();
      count = { held: 0 };
      this.#counts.set(name, count);
    }
    return count;
  }

  #sweep(): void {
    for (const [name, { held }] of this.#counts) if (held === 0) this.#counts.delete(name);
    this.#sweepAt = 2 * this.#counts.size + KEPT;
  }
}

export class Places {
  readonly #limits: PlaceLimits;
  readonly #sessions = new Counts();
  readonly #users = new Counts();
  readonly #apps = new Counts();
  readonly #addresses = new Counts();
  #taken = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /** How many sessions, users, apps and addresses are known. */
  get holders(): number {
    const { size } = this.#sessions;
    return size + this.#users.size + this.#apps.size + this.#addresses.size;
  }

  slotsOf({ session, address }: Holder): Slots {
    const { handle = "", userId = "", appId = "" } = session ?? {};
    return {
      session: this.#sessions.of(handle),
      user: this.#users.of(userId),
      app: this.#apps.of(appId),
      address: address === undefined ? undefined : this.#addresses.of(address),
    };
  }

  /**
   * @returns RATE_LIMITED, when the holder is at a bound, or holds many while few are free; OVERLOADED, when
   *   no place is free
   */
  refusalOf({ session, user, app, address }: Slots): BridgeError | undefined {
    const { total, perSession, perUser, perApp, perAddress } = this.#limits;
    if (session.held >= perSession) return tooMany("This session");
    if (user.held >= perUser) return tooMany("This user");
    if (app.held >= perApp) return tooMany("This app");
    if (address !== undefined && address.held >= perAddress) return tooMany("This client address");
    const free = total - this.#taken;
    if (free <= 0) return noPlace();
    const isReserved = free <= Math.floor(total / RESERVE_PART);
    const holdsFew = user.held < Math.max(1, Math.floor(total / FEW_PART));
    return isReserved && !holdsFew ? tooMany("While few places are free, this user") : undefined;
  }

  /**
   * In the same turn as {@link Places.slotsOf}, and only after {@link Places.refusalOf} has found room. Follow
   * each call with one {@link Places.give}.
   */
  take(slots: Slots): void {
    this.#count(slots, 1);
  }

  give(slots: Slots): void {
    this.#count(slots, -1);
  }

  #count({ session, user, app, address }: Slots, change: 1 | -1): void {
    this.#taken += change;
    session.held += change;
    user.held += change;
    app.held += change;
    if (address !== undefined) address.held += change;
  }
}

function noPlace(): BridgeError {
  const what = "This upstream has too many open requests. Send the request again later.";
  return new BridgeError("OVERLOADED", what);
}

function tooMany(who: string): BridgeError {
  return new BridgeError(
    "RATE_LIMITED",
    `${who} has too many open requests to this upstream. Wait for some of them to end.`,
    { details: { retryAfterSeconds: RETRY_AFTER_SECONDS } },
  );
}
