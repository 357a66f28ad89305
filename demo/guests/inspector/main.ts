import * as z from "zod/mini";
import { InspectorApp } from "./inspector-app.ts";

// zod would otherwise try whether eval works, which the page's CSP forbids and reports.
z.config({ jitless: true });

customElements.define("inspector-app", InspectorApp);
document.body.append(document.createElement("inspector-app"));
