/**
 * Stops sending requests to an upstream that is down, so that callers hear at once and the upstream
 * is not met by all of them when it comes back.
 *
 * States: closed → (enough failures in a row) → open → (after a while) → one probe → closed or open.
 */
export interface CircuitOptions {
  /** Requests in a row that got no answer. */
  readonly failures: number;
  /** From the last failure to the probe, in milliseconds. */
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

  /** Whether a request may go. A yes while the circuit is open makes it the probe. */
  admits(nowMs: number): boolean {
    if (!this.isOpen) return true;
    if (this.#isProbing || nowMs < this.#openUntilMs) return false;
    this.#isProbing = true;
    return true;
  }

  /** The upstream answered, whatever it said. */
  succeeded(): void {
    this.#failures = 0;
    this.#isProbing = false;
  }

  failed(nowMs: number): void {
    this.#failures += 1;
    this.#isProbing = false;
    this.#openUntilMs = nowMs + this.#options.openMs;
  }

  /** The client left before anything could be learnt. */
  forgotten(): void {
    this.#isProbing = false;
  }
}
