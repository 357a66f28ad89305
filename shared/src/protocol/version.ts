import { BridgeError } from "../errors/bridge-error.ts";

/** The protocol that this version speaks best. Raised by one whenever a frame changes meaning. */
export const PROTOCOL_VERSION = 1;

/** Inclusive range of protocol versions that one side can speak. */
export type ProtocolRange = readonly [min: number, max: number];

export const PROTOCOL_RANGE: ProtocolRange = [1, PROTOCOL_VERSION];

/**
 * The highest version in both ranges.
 *
 * @throws {BridgeError} HANDSHAKE_PROTOCOL_MISMATCH when the ranges do not meet.
 */
export function negotiateProtocol(ours: ProtocolRange, theirs: ProtocolRange): number {
  const version = Math.min(ours[1], theirs[1]);
  if (version >= Math.max(ours[0], theirs[0])) return version;
  throw new BridgeError(
    "HANDSHAKE_PROTOCOL_MISMATCH",
    `No common protocol version: this side speaks ${ours[0]} to ${ours[1]}, the other ${theirs[0]} to ${theirs[1]}.`,
    { details: { ours: [...ours], theirs: [...theirs] } },
  );
}
