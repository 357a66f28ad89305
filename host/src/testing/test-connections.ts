/**
 * Connections of apps as an issuer keeps them, for the tests of a host. There is no backend: a
 * connection waits in `connecting` and `disconnecting` until the test says how the call has ended.
 */
import { BridgeError, type ErrorCode } from "@breezeway/shared";
import type { Connection, SessionSummary } from "@breezeway/shared/schemas";

export interface TestConnections {
  /** Those of a tenant, by app id. */
  list(tenantId: string): readonly Connection[];
  set(key: TestConnectionKey, next: TestConnectionState): void;
  /** The answer to a request; `undefined` for any other path. */
  answer(route: string, body: Readonly<Record<string, unknown>>): object | undefined;
  /** Requests are refused with this code; `undefined` ends it. */
  refuse(code: ErrorCode | undefined): void;
}

export interface TestConnectionKey {
  readonly appId: string;
  readonly tenantId: string;
}

export type TestConnectionState = Pick<Connection, "state" | "failure">;

export interface TestConnectionsOptions {
  readonly nowSeconds: () => number;
  /** @throws {BridgeError} SESSION_MISSING */
  readonly session: () => SessionSummary;
  readonly changed: () => void;
}

type Command = (key: TestConnectionKey) => Connection | undefined;

export function createTestConnections(options: TestConnectionsOptions): TestConnections {
  const { nowSeconds, session, changed } = options;
  const connections = new Map<string, Connection>();
  let ids = 0;
  let refusal: ErrorCode | undefined;

  const nameOf = ({ appId, tenantId }: TestConnectionKey): string =>
    JSON.stringify([tenantId, appId]);
  const find = (key: TestConnectionKey): Connection | undefined => connections.get(nameOf(key));

  const put = (
    { appId, tenantId }: TestConnectionKey,
    { state, failure }: TestConnectionState,
    current: Connection | undefined,
  ): Connection => {
    const changedAtSeconds = nowSeconds();
    const { id, createdAtSeconds } = current ?? {
      id: `c_${(ids += 1)}`,
      createdAtSeconds: changedAtSeconds,
    };
    const next: Connection = {
      id,
      appId,
      tenantId,
      state,
      ...(failure === undefined ? {} : { failure }),
      createdAtSeconds,
      changedAtSeconds,
    };
    connections.set(nameOf(next), next);
    changed();
    return next;
  };

  const disconnect: Command = (key) => {
    const current = find(key);
    const isOver = current?.state === "disconnecting" || current?.state === "disconnected";
    return !current || isOver ? current : put(key, { state: "disconnecting" }, current);
  };

  const commands: Readonly<Record<string, Command>> = {
    connect(key) {
      const current = find(key);
      switch (current?.state) {
        case "connecting":
        case "setup":
        case "connected":
          return current;
        case "disconnecting":
          throw conflict("The app is being disconnected.");
        default: {
          const isSame = current?.failure?.event === "connect";
          return put(key, { state: "connecting" }, isSame ? current : undefined);
        }
      }
    },
    disconnect,
    retry(key) {
      const current = find(key);
      if (current?.state !== "failed") return current;
      return current.failure?.event === "disconnect"
        ? disconnect(key)
        : put(key, { state: "connecting" }, current);
    },
    "setup-completed"(key) {
      const current = find(key);
      if (current?.state === "connected") return current;
      if (current?.state === "setup") return put(key, { state: "connected" }, current);
      throw conflict("The app's setup is not what its connection waits for.");
    },
  };

  const list = (tenantId: string): readonly Connection[] =>
    [...connections.values()]
      .filter((each) => each.tenantId === tenantId)
      .sort((a, b) => (a.appId < b.appId ? -1 : 1));

  return {
    list,
    set: (key, next) => void put(key, next, find(key)),
    answer(route, body) {
      const name = /^POST \/auth\/connections\/([a-z-]+)$/.exec(route)?.[1] ?? "";
      const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
      if (!command && route !== "GET /auth/connections") return undefined;
      const { tenantId } = session();
      if (refusal) throw new BridgeError(refusal, "The test issuer was told to refuse this.");
      if (!command) return { connections: list(tenantId) };
      if (body["tenantId"] !== tenantId) {
        throw new BridgeError("TENANT_MISMATCH", "The session is in another tenant.");
      }
      return { connection: command({ appId: String(body["appId"]), tenantId }) ?? null };
    },
    refuse(code) {
      refusal = code;
    },
  };
}

function conflict(message: string): BridgeError {
  return new BridgeError("CONNECTION_CONFLICT", message);
}
