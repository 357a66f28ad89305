/** Who may read operators' data at the gateway's own port. */
import { isLoopbackHost } from "@breezeway/shared";
import type { RequestHead } from "../request/request-head.ts";

/** `local`: callers on this machine. `public`: everybody. `none`: nobody. */
export type OperationsAccess = "local" | "public" | "none";

const LOOPBACK_PEER = /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/i;
const PROXY_HEADER = /^(?:via|forwarded|x-forwarded-.*|x-real-ip|cf-connecting-ip|.*client-ip)$/i;

export function isInsider(head: RequestHead, access: OperationsAccess): boolean {
  return access === "public" || (access === "local" && isLocal(head));
}

/**
 * Whether all of this holds: the connection comes from loopback, no header shows a proxy, and `Host` names
 * this machine (a page that rebinds its DNS name to 127.0.0.1 sends its own name). A proxy on this machine
 * that hides both facts looks like an operator.
 */
function isLocal({ peerAddress, rawHeaders }: RequestHead): boolean {
  if (peerAddress === undefined || !LOOPBACK_PEER.test(peerAddress)) return false;
  let host: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (PROXY_HEADER.test(name)) return false;
    if (name.toLowerCase() !== "host") continue;
    if (host !== undefined) return false;
    host = rawHeaders[index + 1];
  }
  return namesLoopback(host);
}

/** Whether a `Host` header names this machine. */
export function namesLoopback(host: string | undefined): boolean {
  const url = `http://${host ?? ""}`;
  return URL.canParse(url) && isLoopbackHost(new URL(url).hostname);
}
