/** Walks swc's syntax trees without knowing every kind of node. */

export type SyntaxNode = Readonly<Record<string, unknown>>;

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text of an identifier, of a string, or of the expression in a computed member. */
export function nameOf(node: SyntaxNode): string | undefined {
  if (isNode(node["expression"])) return nameOf(node["expression"]);
  return typeof node["value"] === "string" ? node["value"] : undefined;
}

export function visit(value: unknown, enter: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, enter);
  } else if (isNode(value)) {
    enter(value);
    for (const child of Object.values(value)) visit(child, enter);
  }
}
