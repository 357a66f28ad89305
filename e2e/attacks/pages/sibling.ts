/** A frame of the shell's page that attacks the frame beside it. */
import { arm } from "./attack-window.ts";
import { playHost } from "./play-host.ts";

arm({
  playHost(frameIndex) {
    playHost(victim(frameIndex));
  },
  forge(frameIndex, frames) {
    victim(frameIndex).postMessage(frames, "*");
  },
});

function victim(index: number): Window {
  const window = parent.frames[index];
  if (window === undefined) throw new Error(`Expected a frame at index ${index}.`);
  return window;
}
