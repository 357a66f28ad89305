/**
 * Installations of apps as an issuer keeps them, for the tests of a host. There is no backend: a
 * installation waits in `installing` and `uninstalling` until the test says how the call has ended.
 */
import { BridgeError, type ErrorCode } from "@breezeway/shared";
import type { Installation, SessionSummary } from "@breezeway/shared/schemas";

export interface TestInstallations {
  /** Those of a tenant, by app id. */
  list(tenantId: string): readonly Installation[];
  set(key: TestInstallationKey, next: TestInstallationState): void;
  /** The answer to a request; `undefined` for any other path. */
  answer(route: string, body: Readonly<Record<string, unknown>>): object | undefined;
  /** Requests are refused with this code; `undefined` ends it. */
  refuse(code: ErrorCode | undefined): void;
}

export interface TestInstallationKey {
  readonly appId: string;
  readonly tenantId: string;
}

export type TestInstallationState = Pick<Installation, "state" | "failure">;

export interface TestInstallationsOptions {
  readonly nowSeconds: () => number;
  /** @throws {BridgeError} SESSION_MISSING */
  readonly session: () => SessionSummary;
  readonly changed: () => void;
}

type Command = (key: TestInstallationKey) => Installation | undefined;

export function createTestInstallations(options: TestInstallationsOptions): TestInstallations {
  const { nowSeconds, session, changed } = options;
  const installations = new Map<string, Installation>();
  let ids = 0;
  let refusal: ErrorCode | undefined;

  const nameOf = ({ appId, tenantId }: TestInstallationKey): string =>
    JSON.stringify([tenantId, appId]);
  const find = (key: TestInstallationKey): Installation | undefined =>
    installations.get(nameOf(key));

  const put = (
    { appId, tenantId }: TestInstallationKey,
    { state, failure }: TestInstallationState,
    current: Installation | undefined,
  ): Installation => {
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
  };

  const uninstall: Command = (key) => {
    const current = find(key);
    const isOver = current?.state === "uninstalling" || current?.state === "uninstalled";
    return !current || isOver ? current : put(key, { state: "uninstalling" }, current);
  };

  const commands: Readonly<Record<string, Command>> = {
    install(key) {
      const current = find(key);
      switch (current?.state) {
        case "installing":
        case "setup":
        case "installed":
          return current;
        case "uninstalling":
          throw conflict("The app is being uninstalled.");
        default: {
          const isSame = current?.failure?.event === "connect";
          return put(key, { state: "installing" }, isSame ? current : undefined);
        }
      }
    },
    uninstall,
    retry(key) {
      const current = find(key);
      if (current?.state !== "failed") return current;
      return current.failure?.event === "disconnect"
        ? uninstall(key)
        : put(key, { state: "installing" }, current);
    },
    "setup-completed"(key) {
      const current = find(key);
      if (current?.state === "installed") return current;
      if (current?.state === "setup") return put(key, { state: "installed" }, current);
      throw conflict("The app's setup is not what its installation waits for.");
    },
  };

  const list = (tenantId: string): readonly Installation[] =>
    [...installations.values()]
      .filter((each) => each.tenantId === tenantId)
      .sort((a, b) => (a.appId < b.appId ? -1 : 1));

  return {
    list,
    set: (key, next) => void put(key, next, find(key)),
    answer(route, body) {
      const name = /^POST \/auth\/installations\/([a-z-]+)$/.exec(route)?.[1] ?? "";
      const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
      if (!command && route !== "GET /auth/installations") return undefined;
      const { tenantId } = session();
      if (refusal) throw new BridgeError(refusal, "The test issuer was told to refuse this.");
      if (!command) return { installations: list(tenantId) };
      if (body["tenantId"] !== tenantId) {
        throw new BridgeError("TENANT_MISMATCH", "The session is in another tenant.");
      }
      return { installation: command({ appId: String(body["appId"]), tenantId }) ?? null };
    },
    refuse(code) {
      refusal = code;
    },
  };
}

function conflict(message: string): BridgeError {
  return new BridgeError("INSTALLATION_CONFLICT", message);
}
