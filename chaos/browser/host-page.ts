/** The host of the soak: all guests in one page. The driver calls `window.soak`. */
import { createHost, type Host } from "@breezeway/host";

export interface HostControl {
  /** Signs in, and tells the host. */
  signIn(userId: string, tenantId: string): Promise<string>;
  signOut(): Promise<string>;
  switchTenant(tenantId: string): Promise<string>;
  reloadGuest(index: number): void;
}

declare global {
  interface Window {
    soak: HostControl;
  }
}

interface PageData {
  readonly gateway: string;
  /** Apps by their id, with their origin. */
  readonly apps: Readonly<Record<string, string>>;
  readonly guests: number;
}

const data = JSON.parse(document.querySelector("#data")?.textContent ?? "") as PageData;
const ids = Object.keys(data.apps);
const host: Host = createHost({
  issuerUrl: "/auth",
  gatewayUrl: data.gateway,
  apps: Object.entries(data.apps).map(([id, url]) => ({ id, name: id, version: "1.0.0", url })),
  methods: { echo: (value) => value },
  // Offline phases and sign-outs are failures that the driver causes.
  onError: () => undefined,
});
for (let index = 0; index < data.guests; index += 1) {
  const path = `/?${new URLSearchParams({ gateway: data.gateway, guest: String(index) }).toString()}`;
  host.mount(ids[index % ids.length] ?? "", { container: document.body, path });
}

/** The code of a failure, or `done`. */
const outcome = (action: Promise<unknown>): Promise<string> =>
  action.then(
    () => "done",
    (error: unknown) => String((error as { readonly code?: string }).code ?? error),
  );

window.soak = {
  signIn: (userId, tenantId) =>
    outcome(
      fetch("/auth/login/dev", {
        method: "POST",
        headers: { "content-type": "application/json", "x-breezeway-request": "1" },
        body: JSON.stringify({ userId, tenantId }),
      }).then(() => host.session.reload()),
    ),
  signOut: () => outcome(host.session.signOut()),
  switchTenant: (tenantId) => outcome(host.session.switchTenant(tenantId)),
  reloadGuest: (index) => {
    const frame = document.querySelectorAll("iframe")[index];
    // oxlint-disable-next-line no-self-assign -- it loads the document again
    if (frame) frame.src = frame.src;
  },
};
