/** What every part of the load works with. */
import type { Dice } from "../dice.ts";
import type { Span } from "../judge/fault-log.ts";
import type { Judge } from "../judge/judge.ts";
import type { Client, Place } from "./client.ts";

export interface Places {
  readonly issuers: readonly Place[];
  readonly gateways: readonly Place[];
}

/** The removals of keys. */
export interface KnownKeys {
  /** When the removal was acknowledged: never before it was, and `undefined` for all other keys. */
  removedAtMs(kid: string): number | undefined;
  /** Whether somebody asked for the removal, with or without an answer. */
  isDoubtful(kid: string): boolean;
  /** When a removal was last asked for; long ago when none was. */
  lastRemovalAtMs(): number;
}

/** A call of the issuer's API inside its process, as a backend of the host makes it. */
export interface ControlCall {
  readonly place: Place;
  readonly command: "revoke" | "revokeAllForUser" | "rotateKey" | "removeKey";
  readonly argument: string;
}

export interface LoadDeps {
  readonly places: Places;
  readonly client: Client;
  readonly judge: Judge;
  readonly keys: KnownKeys;
  /** Resolves to `undefined` when the call failed, or the process ended before it answered. */
  readonly control: (call: ControlCall) => Promise<string | undefined>;
  readonly now: () => number;
  /** Whether clocks of the platform disagreed during the exchange, or shortly before. */
  readonly wereClocksApart: (span: Span) => boolean;
  /** Whether gateways could not reach an issuer or its keys during the span, or shortly before. */
  readonly wereIssuersAway: (span: Span) => boolean;
}

export interface PersonDeps extends LoadDeps {
  readonly dice: Dice;
  readonly userId: string;
}
