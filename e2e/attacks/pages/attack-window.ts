/** What every malicious page offers to its spec. */
declare global {
  interface Window {
    attack: Attack;
  }
}

export interface Attack {
  /** Every window message that arrived: where from, and its data as text. */
  readonly heard: { readonly origin: string; readonly data: string }[];
  /** `sdk-guest`: opens a bridge; the code of the error when it does not. */
  connect?(timeoutMs: number): Promise<{ token: string | null; appId: string } | { code: string }>;
  /** `raw-guest`: shakes hands by hand, with lies added to the hello. */
  hello?(lies: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** `raw-guest`: calls on the data port. */
  call?(method: string, args: readonly unknown[]): Promise<unknown>;
  /** `raw-guest`: sends a frame for which there is no answer. */
  post?(frame: readonly unknown[]): void;
  /** `fake-host`: embeds a guest and plays its host. */
  embed?(url: string): void;
  /** `sibling`: plays the host to another frame of the page. */
  playHost?(frameIndex: number): void;
  /** `sibling`: posts frames of the data channel to another frame's window. */
  forge?(frameIndex: number, frames: readonly unknown[]): void;
}

/** Records what arrives, and makes the page's attack known to its spec. */
export function arm(attack: Omit<Attack, "heard">): void {
  const heard: Attack["heard"] = [];
  window.addEventListener("message", ({ origin, data }) => {
    heard.push({ origin, data: JSON.stringify(data) ?? "undefined" });
  });
  Object.assign(window, { attack: { ...attack, heard } satisfies Attack });
}
