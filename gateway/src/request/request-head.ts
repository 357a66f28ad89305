/** A request as it arrived, before any of it is trusted. */
export interface RequestHead {
  readonly method: string;
  /** The request target, exactly as on the request line. */
  readonly target: string;
  /** Name, value, name, value: in order, with duplicates. */
  readonly rawHeaders: readonly string[];
  /** The address that opened the connection; `undefined` when the runtime does not report it. */
  readonly peerAddress: string | undefined;
  /** Whether the connection uses TLS. */
  readonly encrypted: boolean;
}
