import * as z from "zod/mini";
import { InspectorApp } from "./inspector-app.ts";

// Without this, zod tests whether eval works, and the page's CSP reports a violation.
z.config({ jitless: true });

customElements.define("inspector-app", InspectorApp);
document.body.append(document.createElement("inspector-app"));
