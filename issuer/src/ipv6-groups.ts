/** The eight groups of an IPv6 address without an IPv4 part, without leading zeros and zone. */
export function ipv6Groups(address: string): string[] {
  const [head = "", tail] = address.toLowerCase().split("%", 1)[0]?.split("::") ?? [];
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  const full = [...groups, ...Array.from({ length: zeros }, () => "0"), ...rest];
  return full.map((group) => group.replace(/^0+(?=.)/, ""));
}
