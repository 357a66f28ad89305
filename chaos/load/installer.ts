/** An administrator of a tenant, who installs and uninstalls an app. Acknowledged changes must hold. */
import { isRecord } from "@breezeway/shared";
import type { Dice } from "../dice.ts";
import { INSTALLED_APP_ID } from "../platform/fixture.ts";
import { parseJson, type Place } from "./client.ts";
import type { LoadDeps } from "./load-deps.ts";
import { sendJudged, signIn } from "./send-judged.ts";

export interface InstallerDeps extends Pick<LoadDeps, "places" | "client" | "judge"> {
  readonly dice: Dice;
  readonly userId: string;
  readonly tenantId: string;
}

export interface Installer {
  /** One change, or a look at the last one. Never rejects. */
  step(): Promise<void>;
  audit(): Promise<void>;
}

type State = "installed" | "uninstalled";

export function createInstaller(deps: InstallerDeps): Installer {
  const { places, judge, dice, userId, tenantId } = deps;
  let cookie: string | undefined;
  /** The last acknowledged state. `undefined` at first, and while a change is not confirmed. */
  let known: State | undefined;
  let wanted: State = "uninstalled";

  const issuer = (): Place => dice.pick(places.issuers);

  async function change(): Promise<void> {
    // A change that was not confirmed is asked for again: commands are idempotent.
    if (known !== undefined) wanted = wanted === "installed" ? "uninstalled" : "installed";
    known = undefined;
    const path = `/installations/${wanted === "installed" ? "install" : "uninstall"}`;
    const accepted = await sendJudged(deps, {
      place: issuer(),
      method: "POST",
      path,
      ...(cookie !== undefined && { cookie }),
      body: { appId: INSTALLED_APP_ID, tenantId },
    });
    if (accepted) known = wanted;
  }

  async function look(place: Place): Promise<void> {
    const before = known;
    const accepted = await sendJudged(deps, {
      place,
      method: "GET",
      path: "/installations",
      ...(cookie !== undefined && { cookie }),
    });
    if (!accepted || before === undefined) return;
    const state = stateIn(accepted.body);
    if (state === before || (before === "uninstalled" && state === undefined)) return;
    judge.violation(
      `${place.part} reports ${String(state)} for an app of ${tenantId} that was ${before} by its own word`,
    );
  }

  return {
    async step() {
      if (cookie === undefined) {
        cookie = (await signIn(deps, { place: issuer(), userId, tenantId }))?.cookie;
        return;
      }
      if (known === undefined || dice.roll(2) === 0) await change();
      else await look(issuer());
    },
    async audit() {
      if (cookie === undefined) return;
      for (const place of places.issuers) await look(place);
    },
  };
}

function stateIn(body: string): string | undefined {
  const answer = parseJson(body);
  const list = isRecord(answer) ? answer["installations"] : undefined;
  if (!Array.isArray(list)) return undefined;
  const one: unknown = list.find(
    (entry: unknown) => isRecord(entry) && entry["appId"] === INSTALLED_APP_ID,
  );
  return isRecord(one) ? String(one["state"]) : undefined;
}
