/** Words of commands that people paste into a shell. */
import { HIDDEN } from '../util/foreign-text.js';

/**
 * Returns a word of a shell's command that every POSIX shell reads as this text. Hidden characters are written as bytes. A
 * command substitution loses newlines at its end, so `$'…'` has these: POSIX has it since 2024, dash does not.
 */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (text.search(HIDDEN) < 0) return `'${text.replaceAll("'", `'\\''`)}'`;
  const asBytes = (prefix: string) => (character: string) =>
    [...Buffer.from(character)].map((byte) => `\\${prefix}${byte.toString(8).padStart(3, '0')}`).join('');
  const written = (prefix: string) => text.replace(/[\\']/g, asBytes(prefix)).replace(HIDDEN, asBytes(prefix));
  return text.endsWith('\n') ? `$'${written('')}'` : `"$(printf %b '${written('0')}')"`;
}
