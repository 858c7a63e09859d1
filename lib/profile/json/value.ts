/** Values as the JSON parser makes them, how messages show them, and keys as Go compares them. */
import { quoted } from '../../util/foreign-text.js';

/** A number that is not an unsigned integer of at most 20 digits, as its text. */
export class JsonNumber {
  readonly literal: string;

  constructor(literal: string) {
    this.literal = literal;
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof JsonNumber);
}

/** Whether a value is an object of the document, neither an array nor a JsonNumber. */
export function isObject(value: unknown): value is JsonObject {
  return isContainer(value) && !Array.isArray(value);
}

/** Formats a value for a message: short, whatever the value is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 60 ? `${quoted(value.slice(0, 60))}…` : quoted(value);
  if (value instanceof JsonNumber) return value.literal.slice(0, 60);
  return typeof value === 'object' && value !== null ? 'this' : String(value ?? null);
}

/**
 * Folds a key as Go does before it compares the key with the names of fields: ASCII letters to lower case, and U+017F
 * (ſ) and U+212A (the Kelvin sign) to s and k. Source: `foldName` of encoding/json.
 */
export function foldKey(key: string): string {
  return key.replace(/[A-Z\u017F\u212A]/g, (letter) =>
    letter === '\u017F' ? 's' : letter === '\u212A' ? 'k' : letter.toLowerCase(),
  );
}

/** The same for a key of an object or an index of an array. */
export function foldedKey(key: string | number): string | number {
  return typeof key === 'string' ? foldKey(key) : key;
}
