import {
  tenantRequestSchema,
  tokenRequestSchema,
  type TokenResponse,
} from "@breezeway/shared/schemas";
import { compile } from "zod/mini";
import { toSummary, type SessionRecord } from "../../sessions/session-record.ts";
import { mintAudited } from "../../tokens/mint-audited.ts";
import { noneIfUnauthenticated } from "../../sessions/unauthenticated.ts";
import type { OpenedSession } from "../../sessions/session-service-deps.ts";
import type { AuditSubject, Endpoint, EndpointDeps, RequestContext } from "../context.ts";
import { readJson } from "../read-json.ts";
import { PREFERENCE, prefersNull } from "../prefer-null.ts";
import { json, noContent } from "../respond.ts";

/** Parsed for each token: zod generates one function from it, which is faster than a walk over the schema. */
const compiledTokenRequest = compile(tokenRequestSchema);

export function sessionRoutes(deps: EndpointDeps): readonly Endpoint[] {
  const { sessions, credentials, apps, limits } = deps;
  const secretOf = ({ request }: RequestContext): string | undefined => credentials.read(request);
  const opened = ({ request }: RequestContext, session: OpenedSession): Response =>
    json(toSummary(session.record), credentials.opened(request, session));

  return [
    {
      method: "GET",
      path: "/session",
      guard: "read",
      handle: async (context) => {
        const secret = secretOf(context);
        const isQuestion = prefersNull(context.request.headers);
        // A page reads its session after it learned of a change, maybe at another process. Memory may
        // be a second older than that change, so the log is read first.
        if (secret !== undefined) await deps.readLog();
        const found = sessions.authenticate(secret, context);
        const record = await (isQuestion ? found.catch(noneIfUnauthenticated) : found);
        if (record) await sessions.touch(record);
        const applied = isQuestion ? { "preference-applied": PREFERENCE } : {};
        return json(record ? toSummary(record) : null, applied);
      },
    },
    {
      method: "POST",
      path: "/session/token",
      guard: "change",
      handle: async (context) => {
        const { appId, proofKeyThumbprint } = await readJson(context.request, compiledTokenRequest);
        const record = await sessions.authenticate(secretOf(context), context);
        Object.assign(context.subject, subjectOf(record));
        const usable = apps.usable(appId, record.tenantId);
        const app = usable instanceof Promise ? await usable : usable;
        context.subject.app = app.id;
        await limits.mint(record.handle, app.id);
        const minted = await mintAudited(deps, record, app, {
          requestId: context.requestId,
          proofKeyThumbprint,
        });
        const body: TokenResponse = { token: minted.token, expiresAt: minted.expiresAtSeconds };
        return json(body);
      },
    },
    {
      method: "POST",
      path: "/session/refresh",
      guard: "change",
      handle: async (context) =>
        opened(context, await sessions.refresh(secretOf(context), context)),
    },
    {
      method: "POST",
      path: "/session/tenant",
      guard: "change",
      handle: async (context) => {
        const { tenantId } = await readJson(context.request, tenantRequestSchema);
        const session = await sessions.switchTenant(secretOf(context), tenantId, context);
        return opened(context, session);
      },
    },
    {
      method: "DELETE",
      path: "/session",
      guard: "change",
      handle: async (context) => {
        await sessions.endByCookie(secretOf(context), "signed-out", context);
        return noContent(credentials.closed(context.request));
      },
    },
  ];
}

function subjectOf({ userId, tenantId, handle }: SessionRecord): AuditSubject {
  return { sub: userId, tenant: tenantId, sid: handle };
}
