/** Writes values as JSON text, with every number exact. */
import { printableJson, quoted } from '../../util/foreign-text.js';
import { JsonNumber } from './value.js';

/**
 * Returns the text of a value: an object or list on one line if it contains no others.
 *
 * @param newline - A newline with the indentation of the value around it.
 */
export function jsonText(value: unknown, newline = '\n'): string {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof JsonNumber) return value.literal;
  if (typeof value !== 'object' || value === null) return printableJson(value);
  const isArray = Array.isArray(value);
  const inner = `${newline}  `;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const items = entries.map(([key, item]) => `${isArray ? '' : `${quoted(key)}: `}${jsonText(item, inner)}`);
  const [open, close] = isArray ? '[]' : '{}';
  const isOneLine = entries.every(([, item]) => typeof item !== 'object');
  if (!isOneLine) return `${open}${inner}${items.join(`,${inner}`)}${newline}${close}`;
  const space = isArray || items.length === 0 ? '' : ' ';
  return `${open}${space}${items.join(', ')}${space}${close}`;
}
