/**
 * `GET /session/events`: changes of the caller's session, for the host page. `Last-Event-ID` resumes.
 *
 * Events: `revoked` `{ reason }`, `signed-out`, `tenant-changed` `{ tenantId }`, `claims-changed`,
 * `installations-changed`, `apps-changed`. After `revoked` or `signed-out` the stream ends.
 */
import type { ChangeWatcher } from "../../changes/change-watcher.ts";
import type { SessionListeners } from "../../changes/session-listeners.ts";
import { endedBecause } from "../../sessions/lifetime.ts";
import type { SessionRecord } from "../../sessions/session-record.ts";
import type { ChangeRow } from "../../store/schema.ts";
import type { OpenStore } from "../../store/store.ts";
import { withStore } from "../../store/unavailable.ts";
import type { Endpoint, EndpointDeps } from "../context.ts";
import {
  encodeEvents,
  type EncodedEvents,
  type EventStream,
  type ServerEvent,
} from "../event-stream.ts";
import { networkOf } from "../rate-limits.ts";
import type { StreamRegistry } from "../stream-registry.ts";

export interface SessionEventsDeps extends EndpointDeps {
  readonly store: OpenStore;
  readonly watcher: Pick<ChangeWatcher, "seq">;
  readonly listeners: SessionListeners;
  readonly streams: StreamRegistry;
}

export function sessionEventsRoutes(deps: SessionEventsDeps): readonly Endpoint[] {
  const { sessions, credentials, watcher } = deps;
  return [
    {
      method: "GET",
      path: "/session/events",
      guard: "read",
      handle: async (context) => {
        const { headers } = context.request;
        const lastId = /^\d{1,15}$/.exec(headers.get("last-event-id") ?? "")?.[0];
        // Read before the session, so that no change falls between the two.
        const from = lastId === undefined ? watcher.seq : Number(lastId);
        const record = await sessions.authenticate(credentials.read(context.request), context);
        return openStream(deps, record, { from, address: context.address });
      },
    },
  ];
}

interface Opening {
  /** The number after which the page needs changes. */
  readonly from: number;
  readonly address: string;
}

async function openStream(
  deps: SessionEventsDeps,
  record: SessionRecord,
  { from, address }: Opening,
): Promise<Response> {
  const { sessions, lifetimes, clock, watcher, listeners, streams } = deps;
  let known = record;
  let waiting: ChangeRow[] | undefined = [];

  const endIfExpired = async (opened: Pick<EventStream, "send" | "close">): Promise<void> => {
    // Queries the store only when the known record has expired.
    if (!endedBecause(known, lifetimes, clock.now())) return;
    known = (await sessions.peek(record.handle).catch(() => undefined)) ?? known;
    const ended = endedBecause(known, lifetimes, clock.now());
    if (!ended) return;
    opened.send({ event: "revoked", data: { reason: ended.reason } });
    opened.close();
  };
  const stream: EventStream = streams.open({
    kind: "session",
    holders: { session: record.handle, user: record.userId, address: networkOf(address) },
    // The log has no entry when a session expires.
    onHeartbeat: () => void endIfExpired(stream),
  });
  const send = (change: ChangeRow): void => {
    if (!concerns(change, known)) return;
    const event = eventOf(change);
    // The next changes of a tenant concern the new one.
    if (event.event === "tenant-changed" && change.tenant_id !== null) {
      known = { ...known, tenantId: change.tenant_id };
    }
    stream.send(encoded(change, event));
    if (event.event === "revoked" || event.event === "signed-out") stream.close();
  };
  const listening = listeners.listen(record, {
    onChange: (change) => (waiting ? void waiting.push(change) : send(change)),
    // The page reads its session again when it reconnects.
    onGap: () => stream.close(),
  });
  stream.onEnd(listening.leave);
  const until = watcher.seq;
  try {
    if (until > from)
      for (const change of await readMissed(deps, record, { from, until })) send(change);
  } catch (error) {
    // Nobody would read this stream, and a session may have only a few.
    stream.close();
    throw error;
  }
  for (const change of waiting) send(change);
  waiting = undefined;
  listening.moveTo(known.tenantId);
  return stream.response;
}

function readMissed(
  { store }: SessionEventsDeps,
  record: SessionRecord,
  { from, until }: { readonly from: number; readonly until: number },
): Promise<ChangeRow[]> {
  return withStore(store, () =>
    store.db
      .selectFrom("breezeway_change")
      .selectAll()
      .where("seq", ">", from)
      .where("seq", "<=", until)
      .where((eb) =>
        eb.or([
          eb("subject", "in", [record.handle, record.userId, record.tenantId]),
          eb("kind", "=", "apps-changed"),
        ]),
      )
      .orderBy("seq")
      .execute(),
  );
}

function concerns(change: ChangeRow, record: SessionRecord): boolean {
  const { kind, subject, tenant_id: tenantId } = change;
  switch (kind) {
    case "session":
    case "tenant-changed":
    case "claims-changed":
      return subject === record.handle;
    case "user":
      return subject === record.userId && (tenantId === null || tenantId === record.tenantId);
    case "tenant":
    case "installations-changed":
    case "grants-changed":
      return subject === record.tenantId;
    case "apps-changed":
      return tenantId === null || tenantId === record.tenantId;
    default:
      return false;
  }
}

/** The event of a change that causes one. It is the same for every session that the change concerns. */
function eventOf({ kind, tenant_id: tenantId, detail }: ChangeRow): ServerEvent {
  switch (kind) {
    case "session":
      return detail === "signed-out"
        ? { event: "signed-out", data: {} }
        : { event: "revoked", data: { reason: detail ?? "revoked" } };
    case "user":
    case "tenant":
      return { event: "revoked", data: { reason: "revoked" } };
    case "tenant-changed":
      return { event: "tenant-changed", data: { tenantId } };
    case "grants-changed":
      // To a page, both mean that its tokens should be minted again.
      return { event: "claims-changed", data: {} };
    default:
      return { event: kind, data: {} };
  }
}

const encodings = new WeakMap<ChangeRow, EncodedEvents>();

/** The bytes are made once, however many streams send the change. */
function encoded(change: ChangeRow, event: ServerEvent): EncodedEvents {
  let bytes = encodings.get(change);
  if (!bytes) {
    bytes = encodeEvents([{ ...event, id: change.seq }]);
    encodings.set(change, bytes);
  }
  return bytes;
}
