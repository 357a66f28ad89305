/** Who gets from the gateway's own port what is meant for operators. */
import { isLoopbackHost } from "@breezeway/shared";
import type { RequestHead } from "../request/request-head.ts";

/** Callers on this machine, everybody, or nobody. */
export type OperationsAccess = "local" | "public" | "none";

const LOOPBACK_PEER = /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/i;
const OF_PROXIES = /^(?:via|forwarded|x-forwarded-.*|x-real-ip|cf-connecting-ip|.*client-ip)$/i;

export function isInsider(head: RequestHead, access: OperationsAccess): boolean {
  return access === "public" || (access === "local" && isLocal(head));
}

/**
 * All of it must be so: the connection comes from loopback, nothing says that somebody passed the
 * request on, and it names this machine (a page that points its own name at 127.0.0.1 sends its own
 * name). A proxy on this machine that hides both facts cannot be told from an operator.
 */
function isLocal({ peerAddress, rawHeaders }: RequestHead): boolean {
  if (peerAddress === undefined || !LOOPBACK_PEER.test(peerAddress)) return false;
  let host: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (OF_PROXIES.test(name)) return false;
    if (name.toLowerCase() !== "host") continue;
    if (host !== undefined) return false;
    host = rawHeaders[index + 1];
  }
  return namesLoopback(host);
}

/** Whether a `Host` field names this machine. */
export function namesLoopback(host: string | undefined): boolean {
  const url = `http://${host ?? ""}`;
  return URL.canParse(url) && isLoopbackHost(new URL(url).hostname);
}
