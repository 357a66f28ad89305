/** The other sessions of the user, for the tests of a host. */
import { BridgeError } from "@breezeway/shared";
import type { SessionDevice, SessionSummary } from "@breezeway/shared/schemas";
import { randomId } from "@breezeway/shared/channel";

export interface TestDevices {
  /** @returns the handle of the session */
  add(given: Partial<Omit<SessionDevice, "isCurrent">>): string;
  /** The response to a request; `undefined` for any other path. */
  answer(route: string, body: Readonly<Record<string, unknown>>): object | undefined;
}

export interface TestDevicesDeps {
  readonly nowSeconds: () => number;
  /** @throws {BridgeError} SESSION_MISSING */
  readonly session: () => SessionSummary;
}

export function createTestDevices({ nowSeconds, session }: TestDevicesDeps): TestDevices {
  let others: readonly SessionDevice[] = [];

  const end = (body: Readonly<Record<string, unknown>>): object => {
    const stay = others.filter(
      ({ handle }) => body["others"] !== true && handle !== body["handle"],
    );
    const ended = others.length - stay.length;
    if (ended === 0 && body["others"] !== true) {
      throw new BridgeError("SESSION_UNKNOWN", "The user has no other session with this handle.");
    }
    others = stay;
    return { ended, hasMore: false };
  };

  const own = (): SessionDevice => {
    const { handle, tenantId, createdAtSeconds } = session();
    const lastActiveAtSeconds = nowSeconds();
    const unknown = { device: null, network: null };
    return { handle, tenantId, createdAtSeconds, lastActiveAtSeconds, ...unknown, isCurrent: true };
  };

  return {
    add(given) {
      const now = nowSeconds();
      const device: SessionDevice = {
        handle: randomId(),
        tenantId: session().tenantId,
        device: null,
        network: null,
        createdAtSeconds: now,
        lastActiveAtSeconds: now,
        ...given,
        isCurrent: false,
      };
      others = [device, ...others];
      return device.handle;
    },
    answer(route, body) {
      if (route === "GET /auth/session/devices") {
        return { sessions: [own(), ...others], nextCursor: null };
      }
      if (route !== "POST /auth/session/devices/end") return undefined;
      session();
      return end(body);
    },
  };
}
