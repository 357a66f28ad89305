/** The benches that `npm run bench` runs, in order. */

export interface Bench {
  /** As in `npm run NAME -w bench`. */
  readonly name: string;
  /** Relative to the root. */
  readonly file: string;
  /** About how long it takes, in seconds. */
  readonly seconds: number;
  /** The environment of `--quick`, and its duration; `undefined` for a bench that `--quick` leaves out. */
  readonly quick?: { readonly seconds: number; readonly env: Readonly<Record<string, string>> };
}

export const BENCHES: readonly Bench[] = [
  {
    name: "sizes",
    file: "scripts/checks/sizes.ts",
    seconds: 10,
    quick: { seconds: 10, env: {} },
  },
  {
    name: "verify",
    file: "bench/verify/verify.bench.ts",
    seconds: 40,
    quick: { seconds: 10, env: { ROUNDS: "2" } },
  },
  {
    name: "issuer",
    file: "bench/issuer/issuer.bench.ts",
    seconds: 30,
    quick: { seconds: 10, env: { ROUNDS: "2" } },
  },
  {
    name: "gateway",
    file: "bench/gateway/gateway.bench.ts",
    seconds: 180,
    quick: {
      seconds: 35,
      env: {
        ONLY: "gateway,no-auth-stack,verify-and-proxy",
        ROUNDS: "4",
        SLICE_MS: "500",
        WARM_UP_MS: "2000",
      },
    },
  },
  {
    name: "gateway:rest",
    file: "bench/gateway/rest.ts",
    seconds: 150,
    quick: {
      seconds: 25,
      env: {
        IDLE: "500",
        RELOADS: "2",
        REQUESTS: "2000",
        REST_MS: "1000",
        STREAMS: "100",
      },
    },
  },
  {
    name: "gateway:scale",
    file: "bench/gateway/scale.ts",
    seconds: 15,
    quick: { seconds: 15, env: {} },
  },
  {
    name: "bridge",
    file: "bench/bridge/bridge.bench.ts",
    seconds: 150,
    quick: { seconds: 45, env: { ONLY: "calls,starts", ROUNDS: "4", STARTS: "4" } },
  },
  { name: "hostile", file: "bench/bridge/hostile.bench.ts", seconds: 240 },
  { name: "issuer:sessions", file: "bench/issuer/sessions.ts", seconds: 60 },
  { name: "issuer:streams", file: "bench/issuer/streams.ts", seconds: 90 },
  { name: "issuer:fan-out", file: "bench/issuer/fan-out.ts", seconds: 180 },
  { name: "issuer:rotation", file: "bench/issuer/key-rotation.ts", seconds: 65 },
  { name: "restart", file: "bench/restart/restart.bench.ts", seconds: 120 },
];
