/** Errors in the form of Node's own: name and message are the base class's, and every text shows the code. */
import { defineHidden, fromCaller } from './caller.js';
import { define } from './own-data.js';

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
  const error = define(new Class(message), { code });
  defineHidden(error, 'toString', textWithCode);
  return fromCaller(error, nodeError);
}

/** The method toString of an error: its name, code and message. */
function textWithCode(this: CodedError<Error>): string {
  return `${this.name} [${this.code}]: ${this.message}`;
}
