/** Defines every element of this package. A page that shows one of them imports its own entry. */
export * from "./my-sessions.ts";
