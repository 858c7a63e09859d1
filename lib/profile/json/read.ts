/** Reads the JSON text of a profile. */
import type { ProfileIssue } from '../../errors.js';
import { JsonSyntaxError, type ParsedJson, parseJson } from './parser.js';
import { positionFinder } from './positions.js';

/** A parsed text, or the issue that says why it is not JSON. */
export type ReadJson =
  | { readonly parsed: ParsedJson; readonly issue: undefined }
  | { readonly parsed: undefined; readonly issue: ProfileIssue };

/** Parses JSON text; a syntax error becomes an issue with its position. */
export function readJson(text: string): ReadJson {
  try {
    return { parsed: parseJson(text), issue: undefined };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const position = positionFinder(text)(error.offset);
    return { parsed: undefined, issue: { severity: 'error', path: '', message: error.message, ...position } };
  }
}
