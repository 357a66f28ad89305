/** What the guard reads of a request, and how it is got from the two kinds of request there are. */
import type { IncomingMessage } from "node:http";

export interface RequestParts {
  readonly method: string;
  /** Path and query as the client sent them. Without it proofs of possession are refused. */
  readonly target?: string | undefined;
  /** A header by its lower-case name; several of one name joined with `", "` (RFC 9110, section 5.2). */
  header(name: string): string | undefined;
}

/**
 * Node's `headers` silently drops the second `Authorization`, so the distinct ones are asked.
 * Requests that test tools make up have no distinct ones.
 */
export function partsOfNodeRequest(request: IncomingMessage): RequestParts {
  return {
    method: request.method ?? "GET",
    // Express takes the path of a mounted router out of `url`.
    target: (request as { originalUrl?: string }).originalUrl ?? request.url,
    header: (name) => {
      const values =
        (request.headersDistinct as NodeJS.Dict<string[]> | undefined)?.[name] ??
        request.headers[name];
      return Array.isArray(values) ? values.join(", ") : values;
    },
  };
}

export function partsOfWebRequest(request: Request): RequestParts {
  return {
    method: request.method,
    target: new URL(request.url).pathname,
    header: (name) => request.headers.get(name) ?? undefined,
  };
}
