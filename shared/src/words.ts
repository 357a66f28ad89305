/**
 * Whether errors have words. A browser's production build loads `no-words.ts` in the place of this
 * file, by the export condition `production`, and its minifier removes every text behind `WORDS`.
 */
export const WORDS: boolean = true;
