/**
 * The places of one upstream: who holds how many of them, and who gets the next one.
 *
 * Rules:
 *  [PL-1] Session, user, app and client address each have a bound.
 *  [PL-2] The last quarter of the places is a reserve for users who hold few. While it is in use, those who
 *         hold more are refused, however many they are.
 *  [PL-3] A refused request is refused before it is counted.
 *
 * Must not: keep an entry for a holder without a place.
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

export class Places {
  readonly #limits: PlaceLimits;
  readonly #bySession = new Map<string, number>();
  readonly #byUser = new Map<string, number>();
  readonly #byApp = new Map<string, number>();
  readonly #byAddress = new Map<string, number>();
  #taken = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /** How many sessions, users, apps and addresses hold a place. */
  get holders(): number {
    const { size } = this.#bySession;
    return size + this.#byUser.size + this.#byApp.size + this.#byAddress.size;
  }

  /**
   * @returns RATE_LIMITED, when the holder is at a bound, or holds many while few are free; OVERLOADED, when
   *   no place is free
   */
  refusalOf({ session, address }: Holder): BridgeError | undefined {
    const { total, perSession, perUser, perApp, perAddress } = this.#limits;
    const { handle = "", userId = "", appId = "" } = session ?? {};
    if (held(this.#bySession, handle) >= perSession) return tooMany("This session");
    const ofUser = held(this.#byUser, userId);
    if (ofUser >= perUser) return tooMany("This user");
    if (held(this.#byApp, appId) >= perApp) return tooMany("This app");
    if (address !== undefined && held(this.#byAddress, address) >= perAddress) {
      return tooMany("This client address");
    }
    const free = total - this.#taken;
    if (free <= 0) return noPlace();
    const isReserved = free <= Math.floor(total / RESERVE_PART);
    const holdsFew = ofUser < Math.max(1, Math.floor(total / FEW_PART));
    return isReserved && !holdsFew ? tooMany("While few places are free, this user") : undefined;
  }

  /** Only after {@link Places.refusalOf} has found room. Follow each call with one {@link Places.give}. */
  take(holder: Holder): void {
    this.#count(holder, 1);
  }

  give(holder: Holder): void {
    this.#count(holder, -1);
  }

  #count({ session, address }: Holder, change: 1 | -1): void {
    const { handle = "", userId = "", appId = "" } = session ?? {};
    this.#taken += change;
    add(this.#bySession, handle, change);
    add(this.#byUser, userId, change);
    add(this.#byApp, appId, change);
    if (address !== undefined) add(this.#byAddress, address, change);
  }
}

function held(counts: ReadonlyMap<string, number>, key: string): number {
  return counts.get(key) ?? 0;
}

function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = held(counts, key) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
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
