/** Messages between the test and its host page. Both directions carry plain data. */
import type { Theme } from "@breezeway/shared";
import type { ManifestInput } from "@breezeway/shared/schemas";

export interface PageSetup {
  readonly manifest: ManifestInput;
  /** `undefined`: the test has no contract. Schemas stay in the test; the page enforces rights. */
  readonly contract: PageContract | undefined;
  readonly methods: readonly string[];
  readonly topics: readonly string[];
  readonly context: unknown;
  readonly theme: Theme;
  readonly locale: string;
  readonly gatewayUrl: string | undefined;
  readonly path: string | undefined;
}

export interface PageContract {
  readonly methods: Readonly<Record<string, { readonly capability?: string }>> | undefined;
  readonly events:
    | Readonly<Record<string, { readonly capability?: string; readonly retained?: boolean }>>
    | undefined;
  readonly guestMethods: readonly string[] | undefined;
}

/** A navigation that the guest requested. */
export interface EmbedNavigation {
  /** Id of the target app; `undefined` for a path of the host. */
  readonly app: string | undefined;
  readonly path: string;
  readonly replace: boolean;
}

export type PageMessage =
  | { readonly type: "call"; readonly method: string; readonly args: readonly unknown[] }
  | { readonly type: "event"; readonly topic: string; readonly payload: unknown }
  | { readonly type: "setup"; readonly result: unknown }
  | { readonly type: "navigation"; readonly target: EmbedNavigation }
  | { readonly type: "path"; readonly path: string }
  | { readonly type: "error"; readonly text: string };

/** The test's answer to a call. */
export type CallAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string };
