/** Whether the path is the prefix or below it: `/orders/7` is under `/orders`, `/orders7` is not. */
export function isUnder(path: string, prefix: string): boolean {
  if (prefix === "/") return true;
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f;
}
