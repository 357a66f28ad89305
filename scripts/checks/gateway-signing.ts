/**
 * The gateway verifies tokens and must not be able to mint one. Neither its bundle nor anything
 * that it imports signs or handles private keys, so a flaw in the gateway cannot mint a token.
 * Database clients are left out of the bundle: the operator installs them, and they sign no tokens.
 */
import { parse } from "@swc/core";
import { bundle, sourceEntries } from "./support/bundle.ts";
import { isNode, nameOf, visit, type SyntaxNode } from "./support/syntax.ts";

/** Files that sign or make keys: those of jose, and the whole issuer. */
const SIGNING_FILES =
  /(^|\/)issuer\/|node_modules\/jose\/.*\/(sign|private_key|generate_key_pair|generate_secret|export|encrypt)[^/]*$/u;

/** Functions of node:crypto and jose that sign or handle private keys. */
const SIGNING_NAMES = new Set([
  "SignJWT",
  "CompactSign",
  "FlattenedSign",
  "GeneralSign",
  "EncryptJWT",
  "createSign",
  "createPrivateKey",
  "generateKeyPair",
  "generateKeyPairSync",
  "generateKey",
  "importPKCS8",
  "exportPKCS8",
]);

/**
 * The operator installs these when the gateway opens a store by its URL. pg signs a password's
 * challenge (SCRAM).
 */
const STORE_CLIENTS = ["pg", "redis"];

export async function checkGatewaySigning(root: string): Promise<string[]> {
  const entries = [...(await sourceEntries(root, "gateway")).values()];
  if (entries.length === 0) return ["gateway/package.json: exports has no entry to check"];
  const files = entries.map((entry) => `gateway/${entry.replace("./", "")}`);
  const { text, used } = await bundle(root, files, { platform: "node", external: STORE_CLIENTS });
  return [
    ...[...used.keys()]
      .filter((path) => SIGNING_FILES.test(path))
      .map((path) => `the gateway's bundle has ${path}`),
    ...(await signingNames(text)).map((name) => `the gateway's bundle uses ${name}`),
  ];
}

/** The names by which a program could sign: identifiers, members and calls of `….sign(…)`. */
export async function signingNames(program: string): Promise<string[]> {
  const found = new Set<string>();
  visit(await parse(program, { syntax: "ecmascript", target: "es2024" }), (node) => {
    const name = nameOf(node);
    if (name !== undefined && SIGNING_NAMES.has(name)) found.add(name);
    if (callsSign(node) || importsSign(node)) found.add("sign");
  });
  return [...found].toSorted();
}

function callsSign(node: SyntaxNode): boolean {
  const callee = node["callee"];
  if (node["type"] !== "CallExpression" || !isNode(callee) || !isNode(callee["property"]))
    return false;
  const object = isNode(callee["object"]) ? nameOf(callee["object"]) : undefined;
  return nameOf(callee["property"]) === "sign" && object !== "Math";
}

function importsSign(node: SyntaxNode): boolean {
  if (node["type"] !== "ImportDeclaration" || !isNode(node["source"])) return false;
  if (!/^(node:)?crypto$/u.test(nameOf(node["source"]) ?? "")) return false;
  const specifiers = Array.isArray(node["specifiers"]) ? node["specifiers"] : [];
  return specifiers.filter(isNode).some((specifier) => {
    const imported = isNode(specifier["imported"]) ? specifier["imported"] : specifier["local"];
    return isNode(imported) && nameOf(imported) === "sign";
  });
}
