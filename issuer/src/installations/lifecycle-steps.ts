import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { LifecycleSteps } from "./installation-machine.ts";

export const NO_STEPS: LifecycleSteps = { connect: false, setup: false, disconnect: false };

/** `undefined` for an unregistered app, which another process may know. */
export function stepsOf(app: RegisteredApp | undefined): LifecycleSteps | undefined {
  if (!app) return undefined;
  const { lifecycle, placements } = app;
  return {
    connect: lifecycle?.connectUrl !== undefined,
    setup: lifecycle?.setupUrl !== undefined || placements.some(({ type }) => type === "setup"),
    disconnect: lifecycle?.disconnectUrl !== undefined,
  };
}
