/** All people, administrators and operators of a run, until it is stopped. */
import { setTimeout as delay } from "node:timers/promises";
import { createDice } from "../dice.ts";
import { TENANTS, userId } from "../platform/fixture.ts";
import { createInstaller } from "./installer.ts";
import { createKeyOperator } from "./key-operator.ts";
import type { LoadDeps } from "./load-deps.ts";
import { createPerson } from "./person.ts";

export interface LoadOptions {
  readonly seed: number;
  readonly people: number;
  /** Between two actions of a person. */
  readonly pauseMs: number;
}

export interface Load {
  /** Ends the load once the running actions have been answered. */
  stop(): Promise<void>;
  /** Compares everything that was acknowledged with what every issuer says. Call it after `stop`. */
  audit(): Promise<void>;
}

/** Administrators and operators act so many times less often. */
const RARELY = 12;

export function startLoad(
  deps: Omit<LoadDeps, "keys">,
  { seed, people, pauseMs }: LoadOptions,
): Load {
  const running = new AbortController();
  const keys = createKeyOperator({ ...deps, dice: createDice(seed) });
  const actors = [
    ...Array.from({ length: people }, (_, index) => ({
      actor: createPerson({
        ...deps,
        keys,
        dice: createDice(seed + 1 + index),
        userId: userId(index),
      }),
      pauseMs,
    })),
    ...TENANTS.slice(0, 2).map((tenantId, index) => ({
      actor: createInstaller({
        ...deps,
        dice: createDice(seed - 1 - index),
        userId: userId(people + index),
        tenantId,
      }),
      pauseMs: pauseMs * RARELY,
    })),
    { actor: keys, pauseMs: pauseMs * RARELY * 2 },
  ];
  const working = actors.map(async ({ actor, pauseMs }, index) => {
    const dice = createDice(seed + 1_000 + index);
    while (!running.signal.aborted) {
      await actor.step();
      await delay(dice.between(1, 2 * pauseMs), undefined, { signal: running.signal }).catch(
        () => {},
      );
    }
  });
  return {
    async stop() {
      running.abort();
      await Promise.all(working);
    },
    async audit() {
      await Promise.all(actors.map(({ actor }) => actor.audit()));
    },
  };
}
