/**
 * Who in this process must learn of which change: listeners by the session, user and tenant that they
 * are about. The cost of a change follows the listeners that it concerns, not those that there are.
 */
import type { ChangeRow } from "../store/schema.ts";
import { createToldInSlices } from "./told-in-slices.ts";

export interface SessionListener {
  /** A change that may concern the session. */
  readonly onChange: (change: ChangeRow) => void;
  /** Changes were missed. The listener has been removed and hears nothing more. */
  readonly onGap: () => void;
}

export interface SessionSubjects {
  readonly handle: string;
  readonly userId: string;
  readonly tenantId: string;
}

export interface ListeningSession {
  /** Later changes of a tenant concern this one. */
  readonly moveTo: (tenantId: string) => void;
  readonly leave: () => void;
}

export interface SessionListeners {
  readonly listen: (subjects: SessionSubjects, listener: SessionListener) => ListeningSession;
  readonly onChange: (change: ChangeRow) => void;
  readonly onGap: () => void;
  readonly close: () => void;
}

interface Member {
  readonly listener: SessionListener;
  readonly keys: { session: string; user: string; tenant: string; all: string };
}

type Subject = keyof Member["keys"];

const SUBJECTS = ["session", "user", "tenant", "all"] as const;
/** Every session listens to it. */
const ALL = "all";

/** Which subject a change is about. Other kinds cause no event. */
const SUBJECT_OF: Readonly<Partial<Record<string, Subject>>> = {
  session: "session",
  "tenant-changed": "session",
  "claims-changed": "session",
  user: "user",
  tenant: "tenant",
  "installations-changed": "tenant",
  "grants-changed": "tenant",
};

/** The key of those that a change concerns; `undefined` when it causes no event. */
function concernedKey({ kind, subject: id, tenant_id: tenantId }: ChangeRow): string | undefined {
  if (kind === "apps-changed") return tenantId === null ? ALL : keyOf("tenant", tenantId);
  const subject = SUBJECT_OF[kind];
  return subject && keyOf(subject, id);
}

/** Repeated, these say nothing more than the last time. */
const REPEATABLE = new Set(["installations-changed", "apps-changed", "grants-changed"]);

export function createSessionListeners(): SessionListeners {
  const slices = createToldInSlices<Member>();
  let index = new Map<string, Set<Member>>();

  const add = (key: string, member: Member): void => {
    const members = index.get(key);
    if (members) members.add(member);
    else index.set(key, new Set([member]));
  };
  const remove = (key: string, member: Member): void => {
    const members = index.get(key);
    members?.delete(member);
    if (members?.size === 0) index.delete(key);
  };
  const move = (member: Member, tenantId: string): void => {
    const { keys } = member;
    // After it left, or after a gap, it is not in the index any more.
    if (index.get(keys.tenant)?.has(member) !== true) return;
    remove(keys.tenant, member);
    keys.tenant = keyOf("tenant", tenantId);
    add(keys.tenant, member);
  };

  return {
    listen: ({ handle, userId, tenantId }, listener) => {
      const keys = {
        session: keyOf("session", handle),
        user: keyOf("user", userId),
        tenant: keyOf("tenant", tenantId),
        all: ALL,
      };
      const member = { listener, keys };
      for (const subject of SUBJECTS) add(keys[subject], member);
      return {
        moveTo: (next) => move(member, next),
        leave: () => {
          for (const subject of SUBJECTS) remove(keys[subject], member);
          slices.drop(member);
        },
      };
    },
    onChange: (change) => {
      const { kind, tenant_id: tenantId } = change;
      const key = concernedKey(change);
      const concerned = key === undefined ? undefined : index.get(key);
      if (!concerned) return;
      const replaces = REPEATABLE.has(kind) ? `${kind} ${key}` : undefined;
      slices.tell(concerned, ({ listener }) => listener.onChange(change), replaces);
      if (kind !== "tenant-changed" || tenantId === null) return;
      for (const member of [...concerned]) move(member, tenantId);
    },
    onGap: () => {
      const members = index.get(ALL) ?? new Set<Member>();
      index = new Map();
      slices.clear();
      slices.tell(members, ({ listener }) => listener.onGap());
    },
    close: () => {
      index = new Map();
      slices.clear();
    },
  };
}

function keyOf(subject: Subject, id: string): string {
  return `${subject} ${id}`;
}
