/** The channel of a manifest's own `url` and `version`. */
export const STABLE = "stable";
