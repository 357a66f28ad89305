/// <reference lib="esnext.disposable" preserve="true" />
import type { HostUi } from "../surfaces/host-ui.ts";
import { disposable } from "../disposable.ts";
import type { BreezewayUiElement } from "./breezeway-ui.ts";
import type { HostUiLabels } from "./ui-labels.ts";

export interface HostUiOptions {
  /** Texts in the host's language. Default: English. */
  readonly labels?: Partial<HostUiLabels>;
  /** Where `<breezeway-ui>` goes. Default: the page's body. */
  readonly container?: Element;
}

/** A {@link HostUi} in the page. */
export interface PageUi extends Required<HostUi>, Disposable {
  /** Style it by `--breezeway-*` and its parts. */
  readonly element: BreezewayUiElement;
  /** Dismisses the dialog that is open, and takes the element out of the page. */
  close(): void;
}

/**
 * Toasts and dialogs for the apps of a host, ready to use: `createHost({ ui: createHostUi() })`.
 * Call it when the page has a body, or name a container.
 */
export function createHostUi({ labels, container }: HostUiOptions = {}): PageUi {
  const element = document.createElement("breezeway-ui");
  if (labels) element.labels = labels;
  (container ?? document.body).append(element);
  return disposable<PageUi>({
    element,
    showToast: (request) => element.showToast(request),
    confirm: (request) => element.confirm(request),
    openModal: (request) => element.openModal(request),
    close: () => element.remove(),
  });
}
