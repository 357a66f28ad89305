/** What guests report to the driver, through a function that it puts into every frame. */
export interface GuestReport {
  readonly guest: string;
  /** `token`: one was handed out and is good. `call`: one settled. `violation`: something does not hold. */
  readonly kind: "token" | "call" | "violation";
  readonly text: string;
}

declare global {
  interface Window {
    report(report: GuestReport): Promise<void>;
  }
}
