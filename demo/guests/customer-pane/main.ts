import * as z from "zod/mini";
import { CustomerPane } from "./customer-pane.ts";

// zod would otherwise try whether eval works, which the page's CSP forbids and reports.
z.config({ jitless: true });

customElements.define("customer-pane", CustomerPane);
document.body.append(document.createElement("customer-pane"));
