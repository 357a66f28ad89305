import type { Page } from "@playwright/test";

/** Pauses an installed clock, which then advances only when a test moves it. */
export async function pauseClock({ clock }: Page): Promise<void> {
  // The clock cannot be paused at a moment in the past, and this call takes some time.
  await clock.pauseAt(Date.now() + 5_000);
}
