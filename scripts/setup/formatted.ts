/** Formats a file that a script writes as `npm run format` does. */
import { format } from "oxfmt";

/**
 * @param name Its ending tells the language.
 * @throws {Error} when the text cannot be parsed
 */
export async function formatted(name: string, text: string): Promise<string> {
  const { code, errors } = await format(name, text, { printWidth: 100 });
  if (errors[0] !== undefined) throw new Error(`${name}: ${errors[0].message}`);
  return code;
}
