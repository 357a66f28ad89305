export { createHost } from "./create-host.ts";
export { callOptions, withTransfer } from "@breezeway/shared/channel";
export { BridgeError, defineContract } from "@breezeway/shared";
export type { HostApps } from "./apps/host-apps.ts";
export type {
  Host,
  HostEvents,
  HostMethods,
  HostOptions,
  HostPlatform,
  PublishOptions,
  TapEvent,
} from "./host-types.ts";
export type {
  GuestSender,
  HostCallContext,
  Mount,
  MountOptions,
  MountSettings,
  MountState,
  MountTarget,
  SizeLimits,
} from "./mount-types.ts";
export type { GuestPlace, OpenGuestPlace, GuestPlaceOptions } from "./transport/guest-place.ts";
export type {
  ConfirmRequest,
  HostUi,
  ModalRequest,
  NavigationTarget,
  ScopesRequest,
  ScopeText,
  ToastRequest,
} from "./surfaces/host-ui.ts";
export { labelText } from "@breezeway/shared/schemas";
export type { HostInstallations } from "./installations/host-installations.ts";
export type { HostSession } from "./session/host-session.ts";
export type { SessionDevices } from "./session/session-devices.ts";
export type { SessionEventStream } from "./session/session-events.ts";
export type { Visibility } from "./session/visibility.ts";
export type {
  AnyContract,
  Contract,
  ErrorCode,
  FrameSize,
  Theme,
  ToastTone,
} from "@breezeway/shared";
export type {
  AppRegistry,
  AppVersion,
  Grant,
  Installation,
  InstallationFailure,
  InstallationState,
  ManifestInput,
  RegisteredApp,
  SessionDevice,
  SessionSummary,
} from "@breezeway/shared/schemas";
export type {
  CallOptions,
  CallOptionsInit,
  Clock,
  Readable,
  Store,
  Unsubscribe,
} from "@breezeway/shared/channel";
