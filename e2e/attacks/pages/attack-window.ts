/** The interface between each malicious page and its spec. */
declare global {
  interface Window {
    attack: Attack;
  }
}

export interface Attack {
  /** Every received window message: its origin, and its data as text. */
  readonly heard: { readonly origin: string; readonly data: string }[];
  /** `sdk-guest`: opens a bridge, or returns the code of the error. */
  connect?(timeoutMs: number): Promise<{ token: string | null; appId: string } | { code: string }>;
  /** `raw-guest`: runs the handshake without the SDK, with false fields in the hello. */
  hello?(lies: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** `raw-guest`: calls on the data port. */
  call?(method: string, args: readonly unknown[]): Promise<unknown>;
  /** `raw-guest`: sends a frame that has no answer. */
  post?(frame: readonly unknown[]): void;
  /** `fake-host`: embeds a guest and poses as its host. */
  embed?(url: string): void;
  /** `sibling`: poses as the host of another frame of the page. */
  playHost?(frameIndex: number): void;
  /** `sibling`: posts frames of the data channel to another frame's window. */
  forge?(frameIndex: number, frames: readonly unknown[]): void;
}

/** Records received messages and exposes the page's attack to its spec. */
export function arm(attack: Omit<Attack, "heard">): void {
  const heard: Attack["heard"] = [];
  window.addEventListener("message", ({ origin, data }) => {
    heard.push({ origin, data: JSON.stringify(data) ?? "undefined" });
  });
  Object.assign(window, { attack: { ...attack, heard } satisfies Attack });
}
