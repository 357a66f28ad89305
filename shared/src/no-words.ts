/** What a browser's production build loads in the place of `words.ts`. */
export const WORDS: boolean = false;
