/**
 * Circuit breaker: stops sending requests to an upstream that is down, so that callers get an error at once
 * and the upstream is not flooded when it comes back.
 *
 * States: closed → (`failures` in a row) → open → (after `openMs`) → one probe → closed or open.
 */
export interface CircuitOptions {
  /** Failures of the upstream, in a row, that open the circuit. */
  readonly failures: number;
  /** Time from the last failure to the probe, in milliseconds. */
  readonly openMs: number;
}

export class Circuit {
  readonly #options: CircuitOptions;
  #failures = 0;
  #openUntilMs = 0;
  #probingUntilMs = 0;

  constructor(options: CircuitOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#failures >= this.#options.failures;
  }

  /**
   * Whether a request may be sent. While the circuit is open, an admitted request is a probe. A probe whose
   * outcome is not known after `openMs`, such as the upload of a slow client, keeps nobody else waiting.
   */
  admits(nowMs: number): boolean {
    if (!this.isOpen) return true;
    if (nowMs < this.#openUntilMs || nowMs < this.#probingUntilMs) return false;
    this.#probingUntilMs = nowMs + this.#options.openMs;
    return true;
  }

  /** The upstream answered, with any status. */
  succeeded(): void {
    this.#failures = 0;
    this.#probingUntilMs = 0;
  }

  failed(nowMs: number): void {
    this.#failures += 1;
    this.#probingUntilMs = 0;
    this.#openUntilMs = nowMs + this.#options.openMs;
  }

  /** The client left before the outcome was known. */
  forgotten(): void {
    this.#probingUntilMs = 0;
  }
}
