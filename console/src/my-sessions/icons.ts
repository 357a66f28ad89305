import { svg, type SVGTemplateResult } from "lit";

const PHONE = /\b(iPhone|iPad|Android)\b/;
const PROGRAM = /^(Node\.js|curl|Python|Go)\b/;
const COMPUTER = /\b(Windows|macOS|Linux|ChromeOS)\b/;

const SHAPES = {
  phone: svg`<rect x="7" y="2.75" width="10" height="18.5" rx="2.25" /><path d="M10.75 18h2.5" />`,
  program: svg`<rect x="2.75" y="4" width="18.5" height="16" rx="2.25" /><path d="m7 9.25 3 2.75-3 2.75M12.5 15H17" />`,
  computer: svg`<rect x="4" y="4.5" width="16" height="11" rx="1.75" /><path d="M2 19h20" />`,
  unknown: svg`<circle cx="12" cy="12" r="9.25" /><path d="M9.5 9.5a2.5 2.5 0 1 1 3.6 2.24c-.7.36-1.1.8-1.1 1.76M12 16.75v.1" />`,
} as const;

/** A picture of the kind of device, drawn with strokes in a square of 24. */
export function iconOf(device: string | null): SVGTemplateResult {
  if (device === null) return SHAPES.unknown;
  if (PHONE.test(device)) return SHAPES.phone;
  if (COMPUTER.test(device)) return SHAPES.computer;
  return PROGRAM.test(device) ? SHAPES.program : SHAPES.unknown;
}
