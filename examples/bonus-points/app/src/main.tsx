import { createAppBridge } from "@breezeway/guest";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { Notice } from "./parts.tsx";

const root = createRoot(document.querySelector("#root") ?? document.body);

createAppBridge().then(
  (appBridge) =>
    root.render(
      <StrictMode>
        <App appBridge={appBridge} />
      </StrictMode>,
    ),
  (error: unknown) =>
    root.render(
      <Notice title="Open this app from its host">
        {error instanceof Error ? error.message : "There is no connection."}
      </Notice>,
    ),
);
