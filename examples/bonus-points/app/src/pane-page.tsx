import type { AppBridge } from "@breezeway/guest";
import { useCallback, useEffect, useState } from "react";
import { api, type Customer } from "./api.ts";
import { Loading, Points, Problem } from "./parts.tsx";
import { useLoaded } from "./use-loaded.ts";

const GRANTED = 10;

export function PanePage({ appBridge }: { appBridge: AppBridge }) {
  const [viewed, setViewed] = useState<readonly string[]>([]);
  const [hasFailed, setHasFailed] = useState(false);
  const customerId = viewed.at(-1);

  useEffect(() => {
    let isFirst = true;
    const stop = appBridge.event.subscribe("CustomerChanged", ({ id }: { id: string }) => {
      isFirst = false;
      setViewed((before) => [...before, id]);
    });
    appBridge.method.call<string | null>("getCurrentCustomerId").then(
      (id) => {
        // An event that came first is newer than this answer.
        if (isFirst && id !== null) setViewed([id]);
      },
      () => undefined,
    );
    return stop;
  }, [appBridge]);

  const load = useCallback(
    () => api<Customer>(appBridge, `/customers/${encodeURIComponent(customerId ?? "")}`),
    [appBridge, customerId],
  );
  const {
    value: customer,
    problem,
    reload,
    replace,
  } = useLoaded(customerId === undefined ? undefined : load);

  const grant = async (to: string) => {
    setHasFailed(false);
    try {
      const path = `/customers/${encodeURIComponent(to)}/points`;
      replace(await api<Customer>(appBridge, path, { points: GRANTED }));
      appBridge.event.publish("bonus:granted", { customerId: to, points: GRANTED });
    } catch {
      setHasFailed(true);
    }
  };

  if (problem !== undefined) return <Problem text={problem} retry={reload} />;
  if (customerId === undefined) return <p className="empty">Select a customer to see points.</p>;
  if (customer === undefined) return <Loading lines={3} />;
  return (
    <main className="pane">
      <h1>{customer.name}</h1>
      <p className="muted">
        {customer.id} · {customer.city}
      </p>
      <p className="balance">
        <Points value={customer.points} />
        <span>points</span>
      </p>
      <button type="button" className="main" onClick={() => void grant(customer.id)}>
        Grant {GRANTED} points
      </button>
      {hasFailed && (
        <p role="alert" className="error">
          The points were not granted. Try again.
        </p>
      )}
      <p className="muted">
        {viewed.length === 1 ? "1 customer" : `${viewed.length} customers`} viewed
      </p>
    </main>
  );
}
