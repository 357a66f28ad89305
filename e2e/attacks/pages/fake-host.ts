/** A page that embeds a foreign guest and poses as its host. */
import { arm } from "./attack-window.ts";
import { playHost } from "./play-host.ts";

arm({
  embed(url) {
    const frame = document.createElement("iframe");
    frame.src = url;
    document.body.append(frame);
    if (frame.contentWindow) playHost(frame.contentWindow);
  },
});
