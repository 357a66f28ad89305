/** 96 random bits in hex. Also works in plain http pages, which have no `crypto.randomUUID`. */
export function randomId(): string {
  let id = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(12))) {
    id += byte.toString(16).padStart(2, "0");
  }
  return id;
}
