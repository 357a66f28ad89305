import * as z from "zod/mini";
import { CustomerPane } from "./customer-pane.ts";

// Without this, zod tests whether eval works, and the page's CSP reports a violation.
z.config({ jitless: true });

customElements.define("customer-pane", CustomerPane);
document.body.append(document.createElement("customer-pane"));
