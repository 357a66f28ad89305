// The few globals that every runtime of Breezeway has (WinterTC minimum common API) and that are in
// neither the `es2024` library nor, for this package, in DOM or Node types. Not part of the build:
// a package that imports this one brings its own.
declare class URL {
  constructor(url: string, base?: string);
  static canParse(url: string, base?: string): boolean;
  readonly href: string;
  readonly origin: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly username: string;
  readonly password: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
}
