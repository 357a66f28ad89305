/** The part of the session that a guest receives. All of it is also in the guest's token. */
export interface GuestSession {
  readonly userId: string;
  readonly tenantId: string;
  /** Session handle. It identifies the session and grants no access. */
  readonly handle: string;
}

/** A session token on its way from the host to a guest. */
export interface TokenGrant {
  /** Compact JWT. */
  readonly token: string;
  /** Epoch seconds by the issuer's clock. */
  readonly issuedAtSeconds: number;
  /** Epoch seconds by the issuer's clock. */
  readonly expiresAtSeconds: number;
  /** The host's estimate of the issuer's time when it sent the grant. Epoch milliseconds. */
  readonly nowMs: number;
}

export interface Theme {
  readonly scheme: "light" | "dark";
  /** Design tokens of the host, such as `{ accent: "#0a7" }`. */
  readonly tokens?: Readonly<Record<string, string>>;
}
