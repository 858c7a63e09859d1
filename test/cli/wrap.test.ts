/** Text of the command in lines of a terminal's width. */
import { expect, test } from 'vitest';
import { wrap } from '../../lib/cli/output/wrap.js';

test('breaks between words, and indents the lines after the first', () => {
  expect(wrap('one two three four', 2, 10)).toBe('one two\n  three\n  four');
});

test('does not break a word that is longer than a line', () => {
  expect(wrap('a CONFIG_SECCOMP_FILTER b', 4, 10)).toBe('a\n    CONFIG_SECCOMP_FILTER\n    b');
});

test('is one line where there is no terminal', () => {
  expect(wrap('one two three', 17, Number.POSITIVE_INFINITY)).toBe('one two three');
});
