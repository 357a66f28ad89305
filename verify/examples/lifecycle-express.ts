import express, { type Express } from "express";
import {
  LifecycleRefusal,
  verifyLifecycle,
  type LifecycleOptions,
} from "@breezeway/verify/lifecycle";

export function createBackend(
  options: LifecycleOptions,
  isLicensed: (tenantId: string) => boolean,
): Express {
  const app = express();
  const lifecycle = verifyLifecycle(options);
  // Ahead of express.json(): the signature is about the bytes of the body.
  const handle = lifecycle.nodeHandler(({ event, tenantId }) => {
    if (event === "connect" && !isLicensed(tenantId)) {
      throw new LifecycleRefusal("Your plan does not include this app.");
    }
  });
  app.post("/lifecycle", handle);
  return app;
}
