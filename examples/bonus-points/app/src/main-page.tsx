import type { AppBridge } from "@breezeway/guest";
import { useCallback } from "react";
import { api, type Customer, type Tenant } from "./api.ts";
import { Loading, Points, Problem } from "./parts.tsx";
import { useLoaded } from "./use-loaded.ts";

interface Overview {
  tenant: Tenant;
  customers: Customer[];
  time: Date;
}

function programmeOf({ tenantId, pointsPerEuro }: Tenant): string {
  if (pointsPerEuro === null) return `${tenantId} · not set up`;
  return `${tenantId} · ${pointsPerEuro} ${pointsPerEuro === 1 ? "point" : "points"} per euro`;
}

export function MainPage({
  appBridge,
  goTo,
}: {
  appBridge: AppBridge;
  goTo: (path: string) => void;
}) {
  const load = useCallback(async (): Promise<Overview> => {
    const [tenant, customers] = await Promise.all([
      api<Tenant>(appBridge, "/tenant"),
      api<Customer[]>(appBridge, "/customers"),
    ]);
    if (!appBridge.method.isExposed("getCurrentTime"))
      appBridge.method.expose("getCurrentTime", () => new Date());
    return { tenant, customers, time: await appBridge.method.call<Date>("getCurrentTime") };
  }, [appBridge]);
  const { value, problem, reload } = useLoaded(load);

  if (problem !== undefined) return <Problem text={problem} retry={reload} />;
  return (
    <main className="overview">
      <header className="bar">
        <div>
          <h1>Bonus points</h1>
          <p>{value === undefined ? "Loading…" : programmeOf(value.tenant)}</p>
        </div>
        <div className="buttons">
          <button type="button" onClick={() => goTo("/setup")}>
            Settings
          </button>
          <button type="button" className="main" onClick={reload}>
            Refresh
          </button>
        </div>
      </header>
      {value === undefined ? (
        <Loading lines={6} />
      ) : (
        <>
          <table>
            <thead>
              <tr>
                <th scope="col">Customer</th>
                <th scope="col">City</th>
                <th scope="col" className="number">
                  Points
                </th>
              </tr>
            </thead>
            <tbody>
              {value.customers.map(({ id, name, city, points }) => (
                <tr key={id}>
                  <th scope="row">
                    {name} <small>{id}</small>
                  </th>
                  <td>{city}</td>
                  <td className="number">
                    <Points value={points} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <footer>
            Updated at{" "}
            <time dateTime={value.time.toISOString()}>
              {value.time.toLocaleTimeString("en", { timeStyle: "short" })}
            </time>
          </footer>
        </>
      )}
    </main>
  );
}
