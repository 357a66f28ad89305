/**
 * The one place for a dialog in this page. Hosts share it, also those of another copy of this library:
 * it is on the global object, by a symbol of the global registry.
 */
const PLACE = Symbol.for("@breezeway/DialogPlace");

/** @returns a function that gives the place back; `undefined` while another dialog has it */
export function takeDialogPlace(): (() => void) | undefined {
  if (Reflect.has(globalThis, PLACE)) return undefined;
  Reflect.set(globalThis, PLACE, true);
  return () => void Reflect.deleteProperty(globalThis, PLACE);
}
