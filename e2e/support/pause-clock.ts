import type { Page } from "@playwright/test";

/** An installed clock goes with the time; from here on it goes only when a test moves it. */
export async function pauseClock({ clock }: Page): Promise<void> {
  // The clock cannot be stopped at a moment that has passed, however long this takes to get there.
  await clock.pauseAt(Date.now() + 5_000);
}
