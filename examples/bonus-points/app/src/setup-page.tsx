import type { AppBridge } from "@breezeway/guest";
import { useCallback, useState } from "react";
import { api, type Tenant } from "./api.ts";
import { Loading, Problem } from "./parts.tsx";
import { useLoaded } from "./use-loaded.ts";

const RATES = [
  { points: 1, name: "Standard", text: "1 point for each euro" },
  { points: 2, name: "Generous", text: "2 points for each euro" },
];

export function SetupPage({
  appBridge,
  goTo,
}: {
  appBridge: AppBridge;
  goTo: (path: string) => void;
}) {
  const load = useCallback(() => api<Tenant>(appBridge, "/tenant"), [appBridge]);
  const { value: tenant, problem, reload } = useLoaded(load);
  const [state, setState] = useState<"open" | "saving" | "done" | "failed">("open");

  const save = async (form: FormData) => {
    setState("saving");
    try {
      await api(appBridge, "/connect-tenant", { pointsPerEuro: Number(form.get("rate")) });
      await appBridge.method.call("setupCompleted");
      setState("done");
    } catch {
      setState("failed");
    }
  };

  if (problem !== undefined) return <Problem text={problem} retry={reload} />;
  return (
    <main className="setup">
      <header>
        <h1>Set up bonus points</h1>
        {state !== "done" && (
          <p>Choose how many points your customers collect. You can change this later.</p>
        )}
      </header>
      {tenant === undefined ? (
        <Loading lines={4} />
      ) : state === "done" ? (
        <section className="card done" role="status">
          <h2>Setup is complete</h2>
          <p>Bonus points are ready for {tenant.tenantId}.</p>
          <button type="button" className="main" onClick={() => goTo("/main")}>
            Show customers
          </button>
        </section>
      ) : (
        <form action={save} className="card">
          <dl>
            <dt>Organisation</dt>
            <dd>{tenant.tenantId}</dd>
            <dt>Signed in as</dt>
            <dd>{tenant.userId}</dd>
          </dl>
          <fieldset>
            <legend>Programme</legend>
            {RATES.map(({ points, name, text }) => (
              <label key={points} className="choice">
                <input
                  type="radio"
                  name="rate"
                  value={points}
                  defaultChecked={points === (tenant.pointsPerEuro ?? 1)}
                />
                <span>
                  <strong>{name}</strong>
                  <small>{text}</small>
                </span>
              </label>
            ))}
          </fieldset>
          {state === "failed" && (
            <p role="alert" className="error">
              The setup was not saved. Try again.
            </p>
          )}
          <button type="submit" className="main" disabled={state === "saving"}>
            {state === "saving" ? "Saving…" : "Finish setup"}
          </button>
        </form>
      )}
    </main>
  );
}
