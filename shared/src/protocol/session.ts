/** What a guest is told of the session. Everything here also stands in the guest's token. */
export interface GuestSession {
  readonly userId: string;
  readonly tenantId: string;
  /** Session handle: names the session, opens nothing. */
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
  /** The issuer's time when the host sent this, as it estimates it; epoch milliseconds. */
  readonly nowMs: number;
}

export interface Theme {
  readonly scheme: "light" | "dark";
  /** Design tokens of the host, such as `{ accent: "#0a7" }`. */
  readonly tokens?: Readonly<Record<string, string>>;
}
