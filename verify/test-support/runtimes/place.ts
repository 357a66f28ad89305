/** Where one example application listens, and with which options. */
export interface Place {
  readonly adapter: string;
  readonly variant: string;
  readonly issuer: string;
  readonly port: number;
}
