export { createProof } from "./proof/create-proof.ts";
export type { Proof } from "./proof/create-proof.ts";
