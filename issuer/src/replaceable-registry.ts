import type { AppRegistry } from "@breezeway/shared/schemas";

/** A registry whose apps can be replaced as a whole while its holders keep the same object. */
export interface ReplaceableRegistry extends AppRegistry {
  /** @returns the ids of apps that were removed, moved to another origin or lost a scope */
  readonly replace: (next: AppRegistry) => string[];
}

export function createReplaceableRegistry(first: AppRegistry): ReplaceableRegistry {
  let current = first;
  return {
    get: (appId) => current.get(appId),
    byOrigin: (origin) => current.byOrigin(origin),
    get all() {
      return current.all;
    },
    replace: (next) => {
      const reduced = current.all.filter(({ id, origin, scopes }) => {
        const app = next.get(id);
        return app?.origin !== origin || !scopes.every((scope) => app.scopes.includes(scope));
      });
      current = next;
      return reduced.map(({ id }) => id);
    },
  };
}
