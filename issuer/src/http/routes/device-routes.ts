/**
 * `/session/devices`: where a user is signed in. A caller sees and ends sessions of the own user only, in
 * every tenant; a handle of another user answers as an unknown one.
 */
import {
  endDevicesRequestSchema,
  type EndDevicesResponse,
  type SessionDevice,
  type SessionDevicesResponse,
} from "@breezeway/shared/schemas";
import { noSuchCursor } from "../../sessions/sessions-api.ts";
import type { SessionRecord } from "../../sessions/session-record.ts";
import { checkId } from "../../stored-id.ts";
import { toSeconds } from "../../time.ts";
import type { Endpoint, EndpointDeps, RequestContext } from "../context.ts";
import { readJson } from "../read-json.ts";
import { json } from "../respond.ts";

const PAGE = 100;

export function deviceRoutes(deps: EndpointDeps): readonly Endpoint[] {
  const { sessions, credentials } = deps;

  const authenticate = async (context: RequestContext): Promise<SessionRecord> => {
    const secret = credentials.read(context.request);
    // A session that another process has just ended must not list or end the others.
    if (secret !== undefined) await deps.readLog();
    const own = await sessions.authenticate(secret, context);
    Object.assign(context.subject, { sub: own.userId, tenant: own.tenantId, sid: own.handle });
    return own;
  };

  return [
    {
      method: "GET",
      path: "/session/devices",
      guard: "read",
      handle: async (context) => {
        const given = context.url.searchParams.get("cursor");
        const cursor = given === null ? undefined : checkId("cursor", given);
        const own = await authenticate(context);
        const { userId } = own;
        const found = await sessions.listForUser({ userId, limit: PAGE, cursor });
        if (!found) throw noSuchCursor();
        const others = found.filter(({ handle }) => handle !== own.handle);
        const body: SessionDevicesResponse = {
          sessions: (cursor === undefined ? [own, ...others] : others).map((record) =>
            toDevice(record, own),
          ),
          nextCursor: found.length < PAGE ? null : (found.at(-1)?.handle ?? null),
        };
        return json(body);
      },
    },
    {
      method: "POST",
      path: "/session/devices/end",
      guard: "change",
      handle: async (context) => {
        const request = await readJson(context.request, endDevicesRequestSchema);
        const handle = "handle" in request ? checkId("handle", request.handle) : undefined;
        const own = await authenticate(context);
        const body: EndDevicesResponse = await sessions.endOthers(own, handle, context);
        return json(body);
      },
    },
  ];
}

function toDevice(record: SessionRecord, own: SessionRecord): SessionDevice {
  const { handle, tenantId, device, network, createdAtMs, lastActiveAtMs } = record;
  return {
    handle,
    tenantId,
    device: device ?? null,
    network: network ?? null,
    createdAtSeconds: toSeconds(createdAtMs),
    lastActiveAtSeconds: toSeconds(lastActiveAtMs),
    isCurrent: handle === own.handle,
  };
}
