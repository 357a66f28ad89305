/// <reference lib="esnext.disposable" preserve="true" />
import type { HostUi } from "../surfaces/host-ui.ts";
import { disposable } from "../disposable.ts";
import type { BreezewayUiElement } from "./breezeway-ui.ts";
import type { HostUiLabels } from "./ui-labels.ts";

export interface HostUiOptions {
  /** Texts in the host's language. Default: English. */
  readonly labels?: Partial<HostUiLabels>;
  /** The parent of `<breezeway-ui>`. Default: the page's body. */
  readonly container?: Element;
}

/** A {@link HostUi} in the page. */
export interface PageUi extends Required<HostUi>, Disposable {
  /** Style it through `--breezeway-*` properties and its parts. */
  readonly element: BreezewayUiElement;
  /** Dismisses the open dialog and removes the element from the page. */
  close(): void;
}

/**
 * Creates toasts and dialogs for the apps of a host: `createHost({ ui: createHostUi() })`. Call it when
 * the page has a body, or pass a container.
 */
export function createHostUi({ labels, container }: HostUiOptions = {}): PageUi {
  const element = document.createElement("breezeway-ui");
  if (labels) element.labels = labels;
  (container ?? document.body).append(element);
  return disposable<PageUi>({
    element,
    showToast: (request) => element.showToast(request),
    confirm: (request) => element.confirm(request),
    requestScopes: (request) => element.requestScopes(request),
    openModal: (request) => element.openModal(request),
    close: () => element.remove(),
  });
}
