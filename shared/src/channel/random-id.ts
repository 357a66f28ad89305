/** 96 random bits in hex. Works in plain http pages too, where `crypto.randomUUID` is missing. */
export function randomId(): string {
  let id = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(12))) {
    id += byte.toString(16).padStart(2, "0");
  }
  return id;
}
