// oxlint-disable typescript/no-deprecated -- dependency-cruiser uses this visitor, deprecated or
// not
/**
 * dependency-cruiser walks swc's trees with swc's own visitor, which fails at a `using`
 * declaration (@swc/core 1.16 parses it and does not visit it). Remove this file when swc's visitor
 * does.
 */
import { Visitor } from "@swc/core/Visitor.js";
import type { Statement, VariableDeclarator } from "@swc/core";

interface UsingDeclaration {
  type: "UsingDeclaration";
  decls: VariableDeclarator[];
}

// oxlint-disable-next-line typescript/unbound-method -- called with `this` below
const known = Visitor.prototype.visitStatement;

/** Teaches swc's visitor to walk `using` and `await using` like `const`. */
export function visitUsingDeclarations(): void {
  Visitor.prototype.visitStatement = function visitStatement(
    statement: Statement | UsingDeclaration,
  ): Statement {
    if (statement.type !== "UsingDeclaration") return known.call(this, statement);
    this.visitVariableDeclarators(statement.decls);
    return { type: "EmptyStatement", span: { start: 0, end: 0, ctxt: 0 } };
  };
}
