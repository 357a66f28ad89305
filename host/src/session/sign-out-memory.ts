/** Remembers, for all tabs and across page loads, the session that the user has ended last. */

export interface SignOutMemory {
  /** The handle of a session whose end the issuer has not confirmed. */
  read(): string | undefined;
  write(handle: string | undefined): void;
}

/** For a page that may not store anything, and for tests. */
export function shortSignOutMemory(): SignOutMemory {
  let known: string | undefined;
  return {
    read: () => known,
    write: (handle) => {
      known = handle;
    },
  };
}

/** In the storage of the page's origin. A handle opens nothing: it is in each token as `sid`. */
export function browserSignOutMemory(issuerUrl: string): SignOutMemory {
  const key = `breezeway signed-out ${issuerUrl}`;
  const inPage = shortSignOutMemory();
  // Reading `localStorage` throws where the browser blocks it.
  const stored = <T>(use: (storage: Storage) => T): T | undefined => {
    try {
      return use(localStorage);
    } catch {
      return undefined;
    }
  };
  return {
    read: () => stored((storage) => storage.getItem(key)) ?? inPage.read(),
    write(handle) {
      inPage.write(handle);
      stored((storage) =>
        handle === undefined ? storage.removeItem(key) : storage.setItem(key, handle),
      );
    },
  };
}
