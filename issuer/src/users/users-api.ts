/** The programmatic API of what is known about a user. */
import { optionObject, parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { Clock } from "@breezeway/shared";
import { checkId, storedId } from "../stored-id.ts";
import {
  eraseUser,
  type ErasureDeps,
  type ErasureOptions,
  type ErasureReport,
} from "./user-erasure.ts";
import { exportUser, type UserExport } from "./user-export.ts";

/**
 * It asks for no permission: the caller has decided. Each method rejects with REQUEST_MALFORMED, naming the field, and
 * with STORE_UNAVAILABLE.
 */
export interface IssuerUsers {
  /**
   * Everything that the issuer's store has about a user, without secrets and hashes. It does not contain what apps and
   * your own systems have, nor audit lines.
   */
  export(userId: string): Promise<UserExport>;
  /**
   * Ends the sessions of a user everywhere within 5 seconds, deletes them, removes the user's id from the histories of
   * apps and grants, and tells the backends of installed apps that have `lifecycle.userErasedUrl`. After a failure,
   * call it again. It does not keep the user from signing in: close the account first.
   */
  erase(userId: string, options?: ErasureOptions): Promise<ErasureReport>;
}

export interface UsersDeps extends ErasureDeps {
  readonly clock: Pick<Clock, "now">;
  /** Calls may be due. */
  readonly wake: () => void;
}

const erasureOptions = optionObject<ErasureOptions>({
  tenantIds: z.optional(z.array(storedId)),
  dryRun: z.optional(z.boolean()),
});

export function createUsersApi(deps: () => Promise<UsersDeps>): IssuerUsers {
  return {
    export: async (userId) => {
      const id = checkId("userId", userId);
      const { store, clock, audit } = await deps();
      const exported = await exportUser(store, id, clock.now());
      audit({ event: "user.exported", sub: id });
      return exported;
    },
    erase: async (userId, given = {}) => {
      const id = checkId("userId", userId);
      const options = parseWith(erasureOptions, given, {
        code: "REQUEST_MALFORMED",
        source: "users.erase",
      });
      const opened = await deps();
      const report = await eraseUser(opened, id, options);
      opened.wake();
      return report;
    },
  };
}
