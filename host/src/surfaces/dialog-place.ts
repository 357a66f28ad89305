/**
 * The page's one place for a dialog. All hosts of the page share it, including hosts of another copy
 * of this library, so it is on the global object, under a symbol of the global registry.
 */
const PLACE = Symbol.for("@breezeway/DialogPlace");

/** @returns A function that frees the place; `undefined` while another dialog has it. */
export function takeDialogPlace(): (() => void) | undefined {
  if (Reflect.has(globalThis, PLACE)) return undefined;
  Reflect.set(globalThis, PLACE, true);
  return () => void Reflect.deleteProperty(globalThis, PLACE);
}
