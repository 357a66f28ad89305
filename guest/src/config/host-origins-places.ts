/** Where an app names its hosts, apart from its code. */
export const META = "breezeway-host-origins";
export const FILE = "/.well-known/breezeway.json";
