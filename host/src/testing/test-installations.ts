/**
 * Installations of apps as an issuer keeps them, for the tests of a host. There is no app backend: an
 * installation stays `installing` or `uninstalling` until the test sets how the call has ended.
 */
import { BridgeError, type ErrorCode } from "@breezeway/shared";
import type { Installation, SessionSummary } from "@breezeway/shared/schemas";
import type { TestGrants } from "./test-grants.ts";

export interface TestInstallations {
  /** The installations of a tenant, by app id. */
  list(tenantId: string): readonly Installation[];
  set(key: TestInstallationKey, next: TestInstallationState): void;
  /** The response to a request; `undefined` for any other path. */
  answer(route: string, body: Readonly<Record<string, unknown>>): object | undefined;
  /** Refuses requests with this code, until it is called with `undefined`. */
  refuse(code: ErrorCode | undefined): void;
}

export interface TestInstallationKey {
  readonly appId: string;
  readonly tenantId: string;
}

export type TestInstallationState = Pick<Installation, "state" | "failure">;

export interface TestInstallationsDeps {
  readonly nowSeconds: () => number;
  /** @throws {BridgeError} SESSION_MISSING */
  readonly session: () => SessionSummary;
  readonly changed: () => void;
  readonly grants: TestGrants;
}

export function createTestInstallations(deps: TestInstallationsDeps): TestInstallations {
  const table = createTable(deps);
  const commands = createCommands(table);
  let refusal: ErrorCode | undefined;

  return {
    list: (tenantId) => table.list(tenantId),
    set: (key, next) => void table.put(key, next, table.find(key)),
    answer(route, body) {
      const name = /^POST \/auth\/installations\/([a-z-]+)$/.exec(route)?.[1] ?? "";
      const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
      if (!route.includes("/auth/installations")) return undefined;
      const { tenantId } = deps.session();
      const isList = route.startsWith("GET");
      if (!isList && body["tenantId"] !== tenantId) {
        throw new BridgeError("TENANT_MISMATCH", "tenantId: must be the tenant of the session.");
      }
      const answer = deps.grants.answer(route, body, refusal);
      if (answer) return answer;
      if (!command && route !== "GET /auth/installations") return undefined;
      if (refusal) throw new BridgeError(refusal, "The test made the issuer refuse this.");
      if (!command) return { installations: table.list(tenantId) };
      return { installation: command({ appId: String(body["appId"]), tenantId }) ?? null };
    },
    refuse(code) {
      refusal = code;
    },
  };
}

interface Table {
  find(key: TestInstallationKey): Installation | undefined;
  list(tenantId: string): readonly Installation[];
  /** @param current The installation that goes on; `undefined` starts a new one. */
  put(
    key: TestInstallationKey,
    next: TestInstallationState,
    current: Installation | undefined,
  ): Installation;
}

function createTable({ nowSeconds, changed }: TestInstallationsDeps): Table {
  const installations = new Map<string, Installation>();
  let ids = 0;

  const nameOf = ({ appId, tenantId }: TestInstallationKey): string =>
    JSON.stringify([tenantId, appId]);

  return {
    find: (key) => installations.get(nameOf(key)),
    list: (tenantId) =>
      [...installations.values()]
        .filter((each) => each.tenantId === tenantId)
        .sort((a, b) => (a.appId < b.appId ? -1 : 1)),
    put({ appId, tenantId }, { state, failure }, current) {
      const changedAtSeconds = nowSeconds();
      const { id, createdAtSeconds } = current ?? {
        id: `c_${(ids += 1)}`,
        createdAtSeconds: changedAtSeconds,
      };
      const next: Installation = {
        id,
        appId,
        tenantId,
        state,
        ...(failure === undefined ? {} : { failure }),
        createdAtSeconds,
        changedAtSeconds,
      };
      installations.set(nameOf(next), next);
      changed();
      return next;
    },
  };
}

type Command = (key: TestInstallationKey) => Installation | undefined;

function createCommands(table: Table): Readonly<Record<string, Command>> {
  const uninstall: Command = (key) => {
    const current = table.find(key);
    const isOver = current?.state === "uninstalling" || current?.state === "uninstalled";
    return !current || isOver ? current : table.put(key, { state: "uninstalling" }, current);
  };

  return {
    install(key) {
      const current = table.find(key);
      switch (current?.state) {
        case "installing":
        case "setup":
        case "installed":
          return current;
        case "uninstalling":
          throw conflict("The app is being uninstalled. Install it after that.");
        default: {
          const isSame = current?.failure?.event === "connect";
          return table.put(key, { state: "installing" }, isSame ? current : undefined);
        }
      }
    },
    uninstall,
    retry(key) {
      const current = table.find(key);
      if (current?.state !== "failed") return current;
      return current.failure?.event === "disconnect"
        ? uninstall(key)
        : table.put(key, { state: "installing" }, current);
    },
    "setup-completed"(key) {
      const current = table.find(key);
      if (current?.state === "installed") return current;
      if (current?.state === "setup") return table.put(key, { state: "installed" }, current);
      throw conflict("The installation does not wait for the app's setup.");
    },
  };
}

function conflict(message: string): BridgeError {
  return new BridgeError("INSTALLATION_CONFLICT", message);
}
