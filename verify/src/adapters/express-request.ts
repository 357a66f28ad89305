import type { VerifiedSession } from "../verifier/verified-session.ts";

// The one way to extend Express's request type; LoopBack and NestJS use the same one.
declare global {
  namespace Express {
    interface Request {
      session?: VerifiedSession | undefined;
    }
  }
}
