/** Flat header lists as Node delivers and takes them: name, value, name, value. */

/** Removes fields from the list, in place. */
export function removeFields(list: string[], isRemoved: (name: string) => boolean): void {
  let length = 0;
  for (let index = 0; index < list.length; index += 2) {
    if (isRemoved(list[index] as string)) continue;
    list[length] = list[index] as string;
    list[length + 1] = list[index + 1] as string;
    length += 2;
  }
  list.length = length;
}

/** The values of all fields of this name, in order. @param name - In lower case. */
export function valuesOf(list: readonly string[], name: string): string[] {
  return list.filter((_, index) => index % 2 === 1 && list[index - 1]?.toLowerCase() === name);
}

export function headerPairs(list: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index < list.length; index += 2) {
    pairs.push([list[index] as string, list[index + 1] as string]);
  }
  return pairs;
}

/** The field names that a `Connection` header lists, in lower case (RFC 9110, section 7.6.1). */
export function connectionTokens(connection: string): Set<string> {
  return new Set(connection.split(",").map((token) => token.trim().toLowerCase()));
}
