/** How an app changes the size of its frame, within the limits of its mount. */
import { BridgeError, type FrameSize } from "@breezeway/shared";
import type { Clock } from "@breezeway/shared/channel";
import type { MountSettings, SizeLimits } from "../mount-types.ts";
import { createThrottle } from "../transport/throttle.ts";
import type { TokenBucket } from "../transport/token-bucket.ts";

export interface FrameSizer {
  /**
   * @returns The size that the frame gets.
   * @throws {BridgeError} SURFACE_REFUSED
   */
  resize(asked: FrameSize, element: HTMLElement | undefined): FrameSize;
  close(): void;
}

export interface FrameSizerDeps {
  readonly clock: Clock;
  readonly bucket: TokenBucket;
  readonly settings: SizeLimits & Pick<MountSettings, "onResize">;
}

export function createFrameSizer({ clock, bucket, settings }: FrameSizerDeps): FrameSizer {
  const throttle = createThrottle(clock, bucket);
  // Collects the latest of each side: a call for one side must not drop a waiting call for the other.
  let waiting: FrameSize = {};

  return {
    resize(asked, element) {
      const size = clampSize(asked, settings);
      const apply =
        settings.onResize ?? (element && ((given: FrameSize) => sizeElement(element, given)));
      if (!apply) {
        throw new BridgeError("SURFACE_REFUSED", "The app is not in an iframe of this page.");
      }
      waiting = { ...waiting, ...size };
      throttle.run(() => {
        const latest = waiting;
        waiting = {};
        apply(latest);
      });
      return size;
    },
    close: () => throttle.close(),
  };
}

/** Sizes an element so that the area within its borders has this size. */
export function sizeElement(element: HTMLElement, { heightPx, widthPx }: FrameSize): void {
  const { style, clientHeight, clientWidth } = element;
  const { height, width } = getComputedStyle(element);
  if (heightPx !== undefined) style.blockSize = `${heightPx + beyond(height, clientHeight)}px`;
  if (widthPx !== undefined) style.inlineSize = `${widthPx + beyond(width, clientWidth)}px`;
}

/** What the property adds to the area within the borders: depends on `box-sizing`. 0 when not rendered. */
function beyond(property: string, insidePx: number): number {
  return Math.round((Number.parseFloat(property) || insidePx) - insidePx);
}

function clampSize({ heightPx, widthPx }: FrameSize, limits: SizeLimits): FrameSize {
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
  throw new BridgeError("SURFACE_REFUSED", `The host does not let apps change the ${side} here.`);
}
