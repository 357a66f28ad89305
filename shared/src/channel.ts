export {
  callOptions,
  splitCallOptions,
  splitTransfer,
  withTransfer,
} from "./channel/call-options.ts";
export type { CallOptions, CallOptionsInit } from "./channel/call-options.ts";
export { createChannel } from "./channel/channel.ts";
export type {
  Channel,
  ChannelHandlers,
  ChannelOptions,
  IncomingCall,
  SendOptions,
} from "./channel/channel.ts";
export { systemClock } from "./clock.ts";
export type { Clock } from "./clock.ts";
export { createBudget, createGate } from "./channel/gate.ts";
export type { Budget, Gate } from "./channel/gate.ts";
export { toWireError } from "./channel/outgoing-error.ts";
export type { ChannelPort } from "./channel/port.ts";
export { sparingPort } from "./channel/sparing-port.ts";
export { randomId } from "./channel/random-id.ts";
export { createStore } from "./channel/store.ts";
export type { Readable, Store, Unsubscribe } from "./channel/store.ts";
export { streamOf } from "./channel/stream-of.ts";
export { createSkew } from "./channel/skew.ts";
export type { Skew } from "./channel/skew.ts";
