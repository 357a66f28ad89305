import "@breezeway/host/element";
import { parseJsonWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { CONFIG_ELEMENT, pageConfigSchema } from "../src/dev/page-config.ts";
import { DevContextDialog } from "./context-dialog.ts";
import { createDevHost } from "./dev-host.ts";
import { DevShell } from "./dev-shell.ts";
import { pageStyles } from "./styles.ts";
import { DevTimeline } from "./timeline-view.ts";
import { DevToolbar } from "./toolbar.ts";

// Without this, zod tests whether eval works, which the page's CSP forbids and reports.
z.config({ jitless: true });

customElements.define("dev-context-dialog", DevContextDialog);
customElements.define("dev-timeline", DevTimeline);
customElements.define("dev-toolbar", DevToolbar);
customElements.define("dev-shell", DevShell);

if (pageStyles.styleSheet) document.adoptedStyleSheets = [pageStyles.styleSheet];
const config = parseJsonWith(
  pageConfigSchema,
  document.getElementById(CONFIG_ELEMENT)?.textContent ?? "",
  { code: "CONFIG_INVALID", source: "page config" },
);
const shell = new DevShell();
shell.dev = await createDevHost(config);
document.body.append(shell);
