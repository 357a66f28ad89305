/**
 * Circuit breaker: stops sending requests to an upstream that is down, so that callers get an error at once
 * and the upstream is not flooded when it comes back.
 *
 * States: closed → (`failures` in a row) → open → (after `openMs`) → one probe → closed or open.
 */
export interface CircuitOptions {
  /** Requests without an answer, in a row, that open the circuit. */
  readonly failures: number;
  /** Time from the last failure to the probe, in milliseconds. */
  readonly openMs: number;
}

export class Circuit {
  readonly #options: CircuitOptions;
  #failures = 0;
  #openUntilMs = 0;
  #isProbing = false;

  constructor(options: CircuitOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#failures >= this.#options.failures;
  }

  /** Whether a request may be sent. While the circuit is open, an admitted request is the probe. */
  admits(nowMs: number): boolean {
    if (!this.isOpen) return true;
    if (this.#isProbing || nowMs < this.#openUntilMs) return false;
    this.#isProbing = true;
    return true;
  }

  /** The upstream answered, with any status. */
  succeeded(): void {
    this.#failures = 0;
    this.#isProbing = false;
  }

  failed(nowMs: number): void {
    this.#failures += 1;
    this.#isProbing = false;
    this.#openUntilMs = nowMs + this.#options.openMs;
  }

  /** The client left before the outcome was known. */
  forgotten(): void {
    this.#isProbing = false;
  }
}
