import { defineHooks, useBridgeState, useSession } from "@breezeway/guest/react";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { contract, type Customer } from "../guest-contract.ts";

const { BreezewayProvider, useBridge, useHostEvent } = defineHooks(contract);

function Notes() {
  const bridge = useBridge();
  const session = useSession();
  const state = useBridgeState();
  const [customer, setCustomer] = useState<Customer>();
  const [saved, setSaved] = useState("");
  useHostEvent("customer:changed", setCustomer);

  useEffect(() => {
    bridge.method.call("getCustomer").then(setCustomer, () => undefined);
  }, [bridge]);

  const save = (form: FormData): void => {
    const text = form.get("text");
    if (typeof text !== "string") return;
    bridge.event.publish("note:saved", { customerId: customer?.id ?? "", text });
    setSaved(text);
  };

  if (session === null) return <p>Sign in to write notes.</p>;
  return (
    <form action={save}>
      <h1>Notes on {customer?.name ?? "…"}</h1>
      <p>
        You are {session.userId} of {session.tenantId}.
      </p>
      <input name="text" aria-label="Note" />
      <button disabled={state !== "connected"}>Save</button>
      <output>{saved}</output>
    </form>
  );
}

createRoot(document.querySelector("#root") ?? document.body).render(
  <StrictMode>
    <BreezewayProvider
      fallback={<p>Connecting…</p>}
      renderError={() => <p>Open this from the host.</p>}
    >
      <Notes />
    </BreezewayProvider>
  </StrictMode>,
);
