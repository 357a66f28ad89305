/// <reference lib="esnext.disposable" preserve="true" />

/** Makes `using` call `close`, in runtimes that support `using`. */
export function disposable<T extends Disposable & { close(): void }>(
  value: Omit<T, typeof Symbol.dispose>,
): T {
  const whole = value as T;
  if ("dispose" in Symbol) {
    Object.defineProperty(whole, Symbol.dispose, { value: () => whole.close() });
  }
  return whole;
}
