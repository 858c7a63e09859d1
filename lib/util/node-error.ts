/** Errors in the form of Node's own: name and message are the base class's, and every text shows the code. */
import { defineHidden, fromCaller } from './caller.js';
import { printableLine } from './foreign-text.js';
import { define, type ProblemKind } from './own-data.js';

type CodedError<Base extends Error> = Base & { readonly code: string };

/**
 * Returns an error as Node makes it: `code` is its only enumerable property, and toString() and the stack begin with
 * `TypeError [ERR_…]: …`.
 */
export function nodeError<Base extends Error>(
  Class: new (message: string) => Base,
  code: string,
  message: string,
): CodedError<Base> {
  const error = define(new Class(printableLine(message)), { code });
  defineHidden(error, 'toString', textWithCode);
  return fromCaller(error, nodeError);
}

/** The kinds of wrong arguments: a value of another type, a value that is not valid, a number out of range. */
const WRONG_ARGUMENTS = {
  type: [TypeError, 'ERR_INVALID_ARG_TYPE'],
  value: [TypeError, 'ERR_INVALID_ARG_VALUE'],
  range: [RangeError, 'ERR_OUT_OF_RANGE'],
} as const;

/** Returns the error for a wrong argument, or a wrong part of one. Its class and code are Node's. */
export function argumentError(kind: ProblemKind, message: string): TypeError | RangeError {
  const [Class, code] = WRONG_ARGUMENTS[kind];
  return nodeError<TypeError | RangeError>(Class, code, message);
}

/** The method toString of an error: its name, code and message. */
function textWithCode(this: CodedError<Error>): string {
  return `${this.name} [${this.code}]: ${this.message}`;
}
