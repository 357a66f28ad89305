import type { VerifiedSession } from "../verifier/verified-session.ts";

// Express offers no other way to extend its request type. LoopBack and NestJS use the same type.
declare global {
  namespace Express {
    interface Request {
      session?: VerifiedSession | undefined;
    }
  }
}
