/** The logo of the demo's product: a lantern in a doorway. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <rect width="32" height="32" rx="8" fill="#0b6b53"/>
  <path d="M8 25V15.5a8 8 0 0 1 16 0V25" fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/>
  <path d="M16 7.5v4.2" stroke="#ffd58a" stroke-width="2" stroke-linecap="round"/>
  <circle cx="16" cy="16" r="3.6" fill="#ffd58a"/>
</svg>
`;
