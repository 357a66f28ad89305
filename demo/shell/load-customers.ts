import { parseWith } from "@breezeway/shared/schemas";
import { customerListSchema } from "../domain/customers.ts";
import { describeProblem } from "../ui/describe-problem.ts";
import { reasonOfResponse } from "../ui/reason-of.ts";
import type { CustomersState } from "./customers-view.ts";

/** Loads the customers of the active tenant from the shell's own server. */
export async function loadCustomers(signal: AbortSignal): Promise<CustomersState> {
  try {
    const response = await fetch("/api/customers", { signal });
    if (!response.ok) {
      return { is: "failed", problem: describeProblem(await reasonOfResponse(response)) };
    }
    const list = parseWith(customerListSchema, await response.json(), {
      code: "UPSTREAM_INVALID",
      source: "/api/customers",
    });
    return { is: "ready", list };
  } catch {
    return { is: "failed", problem: describeProblem("offline") };
  }
}
