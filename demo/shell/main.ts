import "@breezeway/host/element";
import * as z from "zod/mini";
import { ShellAppView, ShellPane } from "./app-view.ts";
import { ShellCustomers } from "./customers-view.ts";
import { ShellMenu } from "./menu.ts";
import { readPageData } from "./page-data.ts";
import { PorchlightShell } from "./shell.ts";
import { ShellSidebar } from "./sidebar.ts";
import { ShellSignIn } from "./sign-in.ts";
import { ShellToasts } from "./toasts.ts";

// Without this, zod tests whether eval works, and the page's CSP reports a violation.
z.config({ jitless: true });

customElements.define("shell-menu", ShellMenu);
customElements.define("shell-sidebar", ShellSidebar);
customElements.define("shell-sign-in", ShellSignIn);
customElements.define("shell-customers", ShellCustomers);
customElements.define("shell-app", ShellAppView);
customElements.define("shell-pane", ShellPane);
customElements.define("shell-toasts", ShellToasts);
customElements.define("porchlight-shell", PorchlightShell);

const shell = document.createElement("porchlight-shell") as PorchlightShell;
shell.data = readPageData();
document.body.append(shell);
