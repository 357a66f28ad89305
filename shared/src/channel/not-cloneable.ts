/** Finds out why a frame cannot be sent. It runs only after the port has refused the frame. */
import { WORDS } from "@breezeway/shared/words";
import { BridgeError } from "../errors/bridge-error.ts";
import type { Frame } from "../protocol/frames.ts";

// Paths of usual values are shorter. The limit also ends the walk of a cycle.
const MAX_PATH_LENGTH = 128;

/**
 * @param isMoving The frame has objects to transfer, so its parts cannot be cloned one by one.
 * @param cause What the port has thrown. A port that carries only text throws a TypeError in words.
 */
export function notCloneable(frame: Frame, isMoving: boolean, cause: unknown): BridgeError {
  return new BridgeError("VALUE_NOT_CLONEABLE", WORDS && whyNot(frame, isMoving, cause), { cause });
}

function whyNot(frame: Frame, isMoving: boolean, cause: unknown): string {
  const path = isMoving ? "" : faultIn(() => frame[frame[0] === "call" ? 3 : 2], "value");
  const why =
    cause instanceof TypeError
      ? cause.message
      : `${path || "it"} is a function, a DOM node, a proxy (use toRaw in Vue, toJS in MobX), or already moved.`;
  return `A value cannot be sent: ${why}`;
}

/**
 * The path of the first member that cannot be cloned, such as `value.0.save`; empty when there is none.
 *
 * @param read Reads the member. A getter may throw.
 */
function faultIn(read: () => unknown, path: string): string {
  if (path.length > MAX_PATH_LENGTH) return "";
  let value: unknown;
  try {
    value = read();
    // Runtimes without it have ports that carry text.
    structuredClone?.(value);
  } catch {
    const members = Object(value) as Record<string, unknown>;
    for (const key in members) {
      const found = faultIn(() => members[key], `${path}.${key}`);
      if (found) return found;
    }
    return path;
  }
  return "";
}
