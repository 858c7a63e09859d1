/**
 * Text that this package has not written, such as the names of files and programs and what a profile says, in messages,
 * logs and JSON. A reader must not take it for a message, and a terminal must not obey it.
 */

/**
 * Characters that show nothing, or change what is shown: controls, spaces but the common one, bidirectional formatting,
 * halves of surrogate pairs, unassigned and private ones. U+2800 looks like a space; U+FFFD stands for lost bytes.
 */
export const HIDDEN = /(?! )[\p{C}\p{Z}\p{DI}\u2800\ufffd]/gu;

/** Returns text of one line: hidden characters are written as `\u202e`. */
export function printableLine(text: string): string {
  return text.replace(HIDDEN, escaped);
}

/** Returns text whose lines are its own, with hidden characters written as `\u202e`. */
export function printableLines(text: string): string {
  return text.split('\n').map(printableLine).join('\n');
}

/** Returns text in quotation marks, as JSON writes it, with all hidden characters escaped. */
export function quoted(text: string): string {
  return printableLine(JSON.stringify(text));
}

/** Returns a name as it is; in quotation marks if it could be taken for a part of the message. */
export function shownName(name: string): string {
  return name === '' || UNCLEAR.test(name) ? quoted(name) : name;
}

/** Spaces and hidden characters, quotation marks, what ends a clause or a position, and what stands for left out text. */
const UNCLEAR = /[\p{C}\p{Z}\p{DI}\p{Pi}\p{Pf}\u2800\ufffd"'`\\…,;]|:(?:\d|$)/u;

/** Returns the place of a property: `.name`, `[0]`, or `["a name"]`. */
export function member(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  return /^(?:[A-Za-z_$][\w$]*|-?\d+)$/.test(key) ? `.${key}` : `[${quoted(key)}]`;
}

/** Returns JSON in which hidden characters are escaped. It reads back as the same value. */
export function printableJson(value: unknown, indent?: number): string {
  return printableLines(JSON.stringify(value, null, indent));
}

/** Writes a character as JSON escapes it. */
function escaped(character: string): string {
  const short = JSON.stringify(character).slice(1, -1);
  if (short !== character) return short;
  const units = character.split('');
  return units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}
