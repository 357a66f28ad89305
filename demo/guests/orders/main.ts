import * as z from "zod/mini";
import { NewOrderForm } from "./new-order-form.ts";
import { OrderDetail } from "./order-detail.ts";
import { OrdersApp } from "./orders-app.ts";

// Without this, zod tests whether eval works, and the page's CSP reports a violation.
z.config({ jitless: true });

customElements.define("order-detail", OrderDetail);
customElements.define("new-order-form", NewOrderForm);
customElements.define("orders-app", OrdersApp);
document.body.append(document.createElement("orders-app"));
