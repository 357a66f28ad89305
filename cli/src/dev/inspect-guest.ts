/** Requests the page of the app as a browser does, and explains why the frame would stay empty. */
import { framingRefusal } from "./framing.ts";
import type { Finding } from "./page-config.ts";

export interface GuestInspection {
  /** URL of the page that the frame opens. */
  readonly url: string;
  readonly hostOrigin: string;
}

// A development server may compile the page first.
const TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 5;

/** Never rejects. Empty when the page can be framed. */
export async function inspectGuest({ url, hostOrigin }: GuestInspection): Promise<Finding[]> {
  const guestOrigin = new URL(url).origin;
  let at = url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const answer = await ask(at);
    if ("title" in answer) return [answer];
    const { status, headers } = answer;
    const location = status >= 300 && status < 400 ? headers.get("location") : null;
    if (location === null) return findingsOf(answer, { hostOrigin, guestOrigin });
    const next = URL.canParse(location, at) ? new URL(location, at) : undefined;
    if (next?.origin !== guestOrigin) return [leaves(guestOrigin, next?.origin ?? location)];
    at = next.href;
  }
  return [
    {
      title: `The app redirects more than ${MAX_REDIRECTS} times.`,
      hint: "A sign-in with cookies may be the cause: browsers send none in a frame of another site.",
    },
  ];
}

type Head = Pick<Response, "status" | "headers">;

async function ask(url: string): Promise<Head | Finding> {
  try {
    const response = await fetch(url, {
      headers: { accept: "text/html" },
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response;
  } catch {
    return {
      title: `Nothing answers at ${new URL(url).origin}.`,
      hint: "Start the app. If it is running, it listens on another address. With Vite, run vite --host 127.0.0.1.",
    };
  }
}

function findingsOf(
  { status, headers }: Head,
  origins: { readonly hostOrigin: string; readonly guestOrigin: string },
): Finding[] {
  const findings: Finding[] = [];
  if (status >= 400) {
    findings.push({
      title: `The app answered with status ${status}.`,
      hint: "Check the path. The frame shows the body of that response.",
    });
  }
  const refusal = framingRefusal({ headers, ...origins });
  if (refusal !== undefined) {
    findings.push({
      title: `A header of the app forbids the frame: ${refusal}`,
      hint: "Allow the host with this header instead:",
      code: `Content-Security-Policy: frame-ancestors ${origins.hostOrigin}`,
    });
  }
  return findings;
}

function leaves(from: string, to: string): Finding {
  return {
    title: `The app redirects to ${to}.`,
    hint: `The host trusts only ${from}. Pass the new URL to breezeway dev, or redirect within the origin.`,
  };
}
