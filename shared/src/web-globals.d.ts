// Globals that every runtime of Breezeway has (WinterTC minimum common API). The `es2024` library does
// not declare them, and this package uses neither DOM nor Node types. This file is not part of the
// build: a package that imports this one brings its own types.
declare class URL {
  constructor(url: string, base?: string);
  static canParse(url: string, base?: string): boolean;
  readonly href: string;
  readonly origin: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly username: string;
  readonly password: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
}

declare class AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string;
}

declare class TextEncoder {
  encode(text: string): Uint8Array;
}

declare class MessageChannel {
  readonly port1: import("./channel/port.ts").ChannelPort;
  readonly port2: import("./channel/port.ts").ChannelPort;
}

declare function atob(text: string): string;
declare function btoa(text: string): string;
declare function queueMicrotask(callback: () => void): void;

declare const crypto: { getRandomValues<T extends Uint8Array>(array: T): T };

// `var`, because TypeScript adds only these to `globalThis`.
declare var structuredClone: (<T>(value: T) => T) | undefined;
declare var setTimeout: (callback: () => void, ms: number) => unknown;
declare var clearTimeout: (timer: unknown) => void;
declare var performance: { now(): number };
