/**
 * What a part and its parent send each other over the IPC channel. Every part loads this file, also one that
 * needs nothing of Breezeway: it imports nothing.
 */

/** The surroundings of a part. A member that is absent stays as it is. */
export interface World {
  /** How far its wall clock is ahead of the machine's; negative when it is behind. */
  readonly clockOffsetMs?: number;
  /** Addresses by host name. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Heap that it holds besides its own. */
  readonly ballastMb?: number;
}

export interface WorldMessage {
  readonly world: World;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

export const isWorldMessage = (value: unknown): value is WorldMessage =>
  isRecord(value) && isRecord(value["world"]);

/** Asks for the part's {@link Usage}; the number is the id of the reply. */
export interface UsageRequest {
  readonly usage: number;
}

export const isUsageRequest = (value: unknown): value is UsageRequest =>
  isRecord(value) && typeof value["usage"] === "number";

export interface Command {
  readonly id: number;
  readonly command: string;
  readonly argument: string;
}

export const isCommand = (value: unknown): value is Command =>
  isRecord(value) && typeof value["command"] === "string";

/** The answer to a command: its value, or the code of its error. */
export interface Reply {
  readonly id: number;
  readonly value?: string;
  readonly failure?: string;
}

export const isReply = (value: unknown): value is Reply =>
  isRecord(value) && typeof value["id"] === "number";

export const isListening = (value: unknown): boolean => value === "listening";
