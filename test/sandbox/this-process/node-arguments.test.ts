/** Options of Node that hold the text of a program. */
import { expect, test } from 'vitest';
import { hasEval, withoutEval } from '../../../lib/sandbox/this-process/node-arguments.js';

test.each([
  [['-e', 'text'], []],
  [
    ['--no-warnings', '--eval', 'text', '--inspect'],
    ['--no-warnings', '--inspect'],
  ],
  [['-pe', 'text'], []],
  [['--print=text', '--inspect'], ['--inspect']],
  [['-p', 'text'], []],
  [['--print', 'text'], []],
  [
    ['-pe=text', '-r', 'x'],
    ['-r', 'x'],
  ],
  [
    ['-e', 'text', '--eval', 'the last one'],
    ['-e', 'text'],
  ],
])('are found and left out: %j', (execArgv, others) => {
  expect(hasEval(execArgv)).toBe(true);
  expect(withoutEval(execArgv)).toEqual(others);
});

test.each([[['--enable-source-maps']], [['--experimental-vm-modules', '--eval-more', '-ep', '-x-e']], [[]]])(
  'are not found among others: %j',
  (execArgv) => {
    expect(hasEval(execArgv)).toBe(false);
    expect(withoutEval(execArgv)).toBe(execArgv);
  },
);
