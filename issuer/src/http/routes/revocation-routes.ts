/**
 * `GET /revocations`, for gateways and verifiers: a stream, or the answer to a poll.
 *
 * Anybody may read it by default, since it only says which random handles ended. With secrets
 * configured, a reader must present one, since entries of kind `user` and `tenant` carry the host's
 * ids.
 */
import { BridgeError } from "@breezeway/shared";
import type { RevocationSnapshot } from "@breezeway/shared/schemas";
import type { FeedLiveness } from "../../changes/feed-liveness.ts";
import type { RevocationFeed } from "../../changes/revocation-feed.ts";
import type { NumberedRevocation } from "../../changes/revocation-window.ts";
import type { Endpoint, RequestContext } from "../context.ts";
import { encodeEvents, type EncodedEvents, type ServerEvent } from "../event-stream.ts";
import { createReaderCheck } from "../feed-reader.ts";
import { networkOf } from "../rate-limits.ts";
import type { StreamRegistry } from "../stream-registry.ts";
import { json } from "../respond.ts";

export interface RevocationRouteDeps {
  readonly feed: RevocationFeed;
  readonly streams: StreamRegistry;
  /** A reader must present one of these bearer secrets. When empty, anybody may read. */
  readonly secrets: readonly string[];
  readonly liveness: FeedLiveness;
}

/** Without a number: a reader that resumes asks for the registry anyway. */
const REGISTRY = encodeEvents([{ event: "registry", data: {} }]);
/** Beyond this many missed entries, a reader gets a snapshot, which is one event. */
const MAX_BACKLOG = 1_000;

export function revocationRoutes(deps: RevocationRouteDeps): readonly Endpoint[] {
  const { feed, liveness } = deps;
  const assertReader = createReaderCheck(deps.secrets);
  return [
    {
      method: "GET",
      path: "/revocations",
      guard: "none",
      handle: async (context) => {
        assertReader(context.request.headers);
        const after = positionOf(context);
        await liveness.refresh();
        if (!liveness.isLive) {
          throw new BridgeError(
            "STORE_UNAVAILABLE",
            "The feed cannot be brought up to date. Retry, or use another issuer.",
          );
        }
        const accept = context.request.headers.get("accept") ?? "";
        if (accept.includes("text/event-stream")) return stream(deps, after, context.address);
        const newer = after === undefined ? undefined : feed.since(after);
        const snapshot = feed.snapshot();
        return json(
          newer
            ? { ...snapshot, revocations: newer.map(({ revocation }) => revocation) }
            : snapshot,
        );
      },
    },
  ];
}

function stream(
  { feed, streams, liveness }: RevocationRouteDeps,
  after: number | undefined,
  address: string,
): Response {
  const opened = streams.open({
    kind: "revocations",
    holders: { address: networkOf(address) },
    // A heartbeat promises a current feed. A disconnected reader resumes here or at another issuer.
    onHeartbeat: () => {
      if (!liveness.isLive) opened.close();
    },
  });
  // No await from here on, so that nothing happens between backlog and subscription.
  const newer = after === undefined ? undefined : feed.since(after);
  if (newer && newer.length <= MAX_BACKLOG) {
    if (newer.length > 0) opened.send(encodeEntries(newer));
  } else {
    opened.send(encodeSnapshot(feed.snapshot()));
  }
  opened.onEnd(
    feed.subscribe({
      onRevocations: (entries) => opened.send(encodeEntries(entries)),
      onRegistry: () => opened.send(REGISTRY),
      onSnapshot: (snapshot) => opened.send(encodeSnapshot(snapshot)),
    }),
  );
  return opened.response;
}

/** The feed gives all readers the same objects, so their bytes are made once. */
const encodings = new WeakMap<object, EncodedEvents>();

function encodedOnce(source: object, events: () => readonly ServerEvent[]): EncodedEvents {
  let bytes = encodings.get(source);
  if (!bytes) {
    bytes = encodeEvents(events());
    encodings.set(source, bytes);
  }
  return bytes;
}

function encodeEntries(entries: readonly NumberedRevocation[]): EncodedEvents {
  return encodedOnce(entries, () =>
    entries.map(({ seq, revocation }) => ({ id: seq, event: "revoked", data: revocation })),
  );
}

function encodeSnapshot(snapshot: RevocationSnapshot): EncodedEvents {
  return encodedOnce(snapshot, () => [{ id: snapshot.seq, event: "snapshot", data: snapshot }]);
}

/** @throws {BridgeError} REQUEST_MALFORMED, when the position is not a number */
function positionOf({ request, url }: RequestContext): number | undefined {
  const text = request.headers.get("last-event-id") ?? url.searchParams.get("after");
  if (text === null || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw new BridgeError(
      "REQUEST_MALFORMED",
      "after: must be a sequence number of the feed, as in Last-Event-ID.",
    );
  }
  return Number(text);
}
