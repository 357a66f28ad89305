/** How large an app may make its place, and making it so. */
import { BridgeError, type FrameSize } from "@breezeway/shared";
import type { SizeLimits } from "../host-types.ts";

/**
 * What is asked for, within the limits.
 *
 * @throws {BridgeError} SURFACE_REFUSED for a side that has no maximum: it is the host's alone
 */
export function clampSize(asked: FrameSize, limits: SizeLimits): FrameSize {
  const { heightPx, widthPx } = asked;
  return {
    ...(heightPx === undefined
      ? {}
      : { heightPx: clamp("height", heightPx, limits.minHeightPx, limits.maxHeightPx) }),
    ...(widthPx === undefined
      ? {}
      : { widthPx: clamp("width", widthPx, limits.minWidthPx, limits.maxWidthPx) }),
  };
}

function clamp(side: string, asked: number, min = 0, max: number | undefined): number {
  if (max !== undefined) return Math.min(Math.max(asked, min), max);
  throw new BridgeError("SURFACE_REFUSED", `The host keeps the ${side} of this place as it is.`);
}

export function sizeElement({ style }: HTMLElement, { heightPx, widthPx }: FrameSize): void {
  if (heightPx !== undefined) style.blockSize = `${heightPx}px`;
  if (widthPx !== undefined) style.inlineSize = `${widthPx}px`;
}
