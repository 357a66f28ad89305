export { BreezewayProvider } from "./react/provider.ts";
export type { BreezewayProviderProps } from "./react/provider.ts";
export {
  useBridge,
  useBridgeState,
  useHostContext,
  useHostEvent,
  useHostLocale,
  useHostTheme,
  useReadable,
  useSession,
  useSessionToken,
} from "./react/hooks.ts";
export { useAutoResize, useUi } from "./react/ui-hooks.ts";
export { defineHooks } from "./react/define-hooks.ts";
export type { ContractHooks } from "./react/define-hooks.ts";
