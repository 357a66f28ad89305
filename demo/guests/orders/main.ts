import * as z from "zod/mini";
import { NewOrderForm } from "./new-order-form.ts";
import { OrderDetail } from "./order-detail.ts";
import { OrdersApp } from "./orders-app.ts";

// zod would otherwise try whether eval works, which the page's CSP forbids and reports.
z.config({ jitless: true });

customElements.define("order-detail", OrderDetail);
customElements.define("new-order-form", NewOrderForm);
customElements.define("orders-app", OrdersApp);
document.body.append(document.createElement("orders-app"));
