/** The parts of a request that the guard reads, and how to take them from Node and web requests. */
import type { IncomingMessage } from "node:http";

export interface RequestParts {
  readonly method: string;
  /** Path and query as the client sent them. Without them proofs of possession are rejected. */
  readonly target?: string | undefined;
  /**
   * The framework's request. Several guards of one route may judge it, and its proof of possession then
   * counts as used once. Without it each call is a request of its own.
   */
  readonly source?: object | undefined;
  /** A header by its lower-case name. Several values are joined with `", "` (RFC 9110, section 5.2). */
  header(name: string): string | undefined;
}

/**
 * Reads a request of Node. `headers` silently drops a second `Authorization`, so this reads
 * `headersDistinct`, which the fake requests of test tools may lack.
 */
export function partsOfNodeRequest(request: IncomingMessage): RequestParts {
  return {
    source: request,
    method: request.method ?? "GET",
    // Express removes the path of a mounted router from `url`.
    target: (request as { originalUrl?: string }).originalUrl ?? request.url,
    header: (name) => {
      const values =
        (request.headersDistinct as NodeJS.Dict<string[]> | undefined)?.[name] ??
        request.headers[name];
      return Array.isArray(values) ? values.join(", ") : values;
    },
  };
}

/** Reads a request of the Fetch standard. */
export function partsOfWebRequest(request: Request): RequestParts {
  return {
    source: request,
    method: request.method,
    target: new URL(request.url).pathname,
    header: (name) => request.headers.get(name) ?? undefined,
  };
}
