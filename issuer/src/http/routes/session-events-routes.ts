/**
 * `GET /session/events`: what the host page must hear of its session. Resumable by `Last-Event-ID`.
 *
 * Events: `revoked` `{ reason }`, `signed-out`, `tenant-changed` `{ tenantId }`, `claims-changed`,
 * `installations-changed`.
 * The first two are the last ones of a stream.
 */
import { WIDENED } from "../../changes/change-log.ts";
import type { ChangeWatcher } from "../../changes/change-watcher.ts";
import { endedBecause } from "../../sessions/lifetime.ts";
import type { SessionRecord } from "../../sessions/session-record.ts";
import type { ChangeRow } from "../../store/schema.ts";
import type { OpenStore } from "../../store/store.ts";
import { withStore } from "../../store/unavailable.ts";
import type { Endpoint, EndpointDeps } from "../context.ts";
import type { ServerEvent } from "../event-stream.ts";
import type { StreamRegistry } from "../stream-registry.ts";

export interface SessionEventsDeps extends EndpointDeps {
  readonly store: OpenStore;
  readonly watcher: ChangeWatcher;
  readonly streams: StreamRegistry;
}

export function sessionEventsRoutes(deps: SessionEventsDeps): readonly Endpoint[] {
  const { sessions, lifetimes, credentials, clock, store, watcher, streams } = deps;

  function missed(record: SessionRecord, from: number, until: number): Promise<ChangeRow[]> {
    return withStore(store, () =>
      store.db
        .selectFrom("breezeway_change")
        .selectAll()
        .where("seq", ">", from)
        .where("seq", "<=", until)
        .where("subject", "in", [record.handle, record.userId, record.tenantId])
        .orderBy("seq")
        .execute(),
    );
  }
  return [
    {
      method: "GET",
      path: "/session/events",
      guard: "read",
      async handle(context) {
        const { headers } = context.request;
        const lastId = /^\d{1,15}$/.exec(headers.get("last-event-id") ?? "")?.[0];
        // Before the session is read, so that no change falls between the two.
        const from = lastId === undefined ? watcher.seq : Number(lastId);
        const record = await sessions.authenticate(credentials.read(context.request), context);

        const stream = streams.open({
          kind: "session",
          owner: record.handle,
          onClose: () => unsubscribe(),
          // Nobody writes to the log when a session runs out.
          onHeartbeat: () => void endIfOver(),
        });
        let known = record;
        const tell = (change: ChangeRow): void => {
          const event = eventOf(change, known);
          if (!event) return;
          // What is said of a tenant from here on is about this one.
          if (change.kind === "tenant-changed" && change.tenant_id !== null) {
            known = { ...known, tenantId: change.tenant_id };
          }
          stream.send({ ...event, id: change.seq });
          if (event.event === "revoked" || event.event === "signed-out") stream.close();
        };
        const endIfOver = async (): Promise<void> => {
          // Asks the store only when what is known says that the end has come.
          if (!endedBecause(known, lifetimes, clock.now())) return;
          known = (await sessions.peek(record.handle).catch(() => undefined)) ?? known;
          const ended = endedBecause(known, lifetimes, clock.now());
          if (!ended) return;
          stream.send({ event: "revoked", data: { reason: ended.reason } });
          stream.close();
        };
        let waiting: ChangeRow[] | undefined = [];
        const unsubscribe = watcher.subscribe({
          onChange: (change) => (waiting ? void waiting.push(change) : tell(change)),
          // The page reads its session anew when it reconnects.
          onGap: () => stream.close(),
        });
        const until = watcher.seq;
        try {
          if (until > from) for (const change of await missed(record, from, until)) tell(change);
        } catch (error) {
          // Nobody would ever read it, and the session has only so many.
          stream.close();
          throw error;
        }
        for (const change of waiting) tell(change);
        waiting = undefined;
        return stream.response;
      },
    },
  ];
}

function eventOf(change: ChangeRow, record: SessionRecord): ServerEvent | undefined {
  const { kind, subject, tenant_id, detail } = change;
  // Sessions that it ended have heard so, and those that are open now began after it.
  if (detail === WIDENED) return undefined;
  if (kind === "installations-changed") {
    return subject === record.tenantId ? { event: kind, data: {} } : undefined;
  }
  const isWide =
    (kind === "user" &&
      subject === record.userId &&
      (tenant_id === null || tenant_id === record.tenantId)) ||
    (kind === "tenant" && subject === record.tenantId);
  if (isWide) return { event: "revoked", data: { reason: "revoked" } };
  if (subject !== record.handle) return undefined;
  switch (kind) {
    case "session":
      return detail === "signed-out"
        ? { event: "signed-out", data: {} }
        : { event: "revoked", data: { reason: detail ?? "revoked" } };
    case "tenant-changed":
      return { event: "tenant-changed", data: { tenantId: tenant_id } };
    case "claims-changed":
      return { event: "claims-changed", data: {} };
    default:
      return undefined;
  }
}
