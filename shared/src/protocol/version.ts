import { BridgeError } from "../errors/bridge-error.ts";

/** The newest protocol of this version. It rises by one whenever the meaning of a frame changes. */
export const PROTOCOL_VERSION = 1;

/** Inclusive range of protocol versions that one side supports. */
export type ProtocolRange = readonly [min: number, max: number];

export const PROTOCOL_RANGE: ProtocolRange = [1, PROTOCOL_VERSION];

/**
 * Returns the highest version in both ranges.
 *
 * @throws {BridgeError} HANDSHAKE_PROTOCOL_MISMATCH, when the ranges do not overlap
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
