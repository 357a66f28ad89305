export { createUi } from "./ui/create-ui.ts";
export type { AppUi, UiBridge } from "./ui/create-ui.ts";
export type {
  ConfirmOptions,
  FrameSize,
  GuestModal,
  NavigateOptions,
  NavigateTarget,
  OpenModalOptions,
  ToastOptions,
  ToastTone,
} from "@breezeway/shared";
