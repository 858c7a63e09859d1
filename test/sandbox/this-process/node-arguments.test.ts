/** Options of Node that hold the text of a program, and those with which it does something before it loads a file. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import {
  hasEval,
  refuseFileWithNodeOptions,
  refuseSingleExecutable,
  refuseWithoutPreload,
  splitNodeOptions,
  withoutEval,
} from '../../../lib/sandbox/this-process/node-arguments.js';

afterEach(() => {
  vi.restoreAllMocks();
});

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

describe('an option with which Node loads no file first', () => {
  test.each([
    ...[
      '--build-snapshot',
      '--build_snapshot',
      '--build-snapshot-config=x',
      '--build-snapshot-config',
      '--snapshot-blob',
    ],
    ...['--snapshot-blob=x', '--build-sea=x', '--experimental-sea-config', '--run', '--run=x', '--prof-process'],
    ...[
      '--watch',
      '--watch-path=x',
      '--watch_path',
      '--experimental-config-file',
      '--experimental-default-config-file',
    ],
  ])('is refused: %s', (option) => {
    const message = `place: with ${option}, the Node that is started does not load the file that attaches the filter first: leave it out, or start Node with spawn`;
    expect(() => refuseWithoutPreload('place', ['-r', 'x', option])).toThrow(
      expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message }),
    );
  });

  test.each(['--runtime-call-stats', '--watch-preserve-output', '--build', '--snapshot-blobs', 'x--run', '-r', ''])(
    'is not one of the same beginning: %s',
    (option) => {
      expect(() => refuseWithoutPreload('place', [option])).not.toThrow();
    },
  );

  test('is named as the first of several', () => {
    expect(() => refuseWithoutPreload('place', ['-r', '--watch', '--run'])).toThrow(/^place: with --watch, /);
    expect(() => refuseWithoutPreload('place', [])).not.toThrow();
  });
});

test.each([
  ['--a --b', ['--a', '--b']],
  ['"--a b"\t--c', ['--a', 'b', '--c']],
  ['"--w\\atch"', ['--watch']],
  ['--a\n --b', ['--a', '--b']],
])('NODE_OPTIONS %j are split at white space, quoted or not: %j', (value, options) => {
  expect(splitNodeOptions(value)).toEqual(options);
});

describe('a file of variables that sets NODE_OPTIONS is refused', () => {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-env-file-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'folder'));
  writeFileSync(join(directory, 'sets'), 'A=b\nNODE_OPTIONS=\n');
  writeFileSync(join(directory, 'sets not'), 'A=NODE_OPTIONS\n# NODE_OPTIONS=x\nMY_NODE_OPTIONS=x\n');

  test.each<[readonly string[], string]>([
    [['--env-file=sets'], '--env-file=sets'],
    [['--env-file-if-exists=sets'], '--env-file-if-exists=sets'],
    [['--env-file', 'sets'], '--env-file'],
    [[`--env-file=${join(directory, 'sets')}`], `--env-file=${join(directory, 'sets')}`],
    [['-r', '--env-file=sets not', '--env-file-if-exists', 'sets'], '--env-file-if-exists'],
  ])('%j', (options, option) => {
    const message = new RegExp(
      `^${option}: fork does not take NODE_OPTIONS from a file, and .*sets sets it: set NODE_OP`,
    );
    expect(() => refuseFileWithNodeOptions(options, directory)).toThrow(
      expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringMatching(message) }),
    );
  });

  test.each([
    [['--env-file=sets not']],
    [['--env-file=nothing']],
    [['--env-file=folder']],
    [['--env-file']],
    [['--env-file=']],
    [['--env-files=sets']],
    [['x--env-file=sets']],
    [['sets']],
    [[]],
  ])('but not %j', (options) => {
    expect(() => refuseFileWithNodeOptions(options, directory)).not.toThrow();
  });
});

test.each([
  [process.execPath, true, true],
  [process.execPath, false, false],
  ['/another/node', true, false],
])('%s, where this program is a single executable (%s), is refused: %s', (execPath, isSea, isRefused) => {
  vi.spyOn(process.getBuiltinModule('node:sea'), 'isSea').mockReturnValue(isSea);
  const call = () => refuseSingleExecutable(execPath);
  if (isRefused) expect(call).toThrow(/^options\.execPath: this program is a single executable .* path of a Node$/);
  else expect(call).not.toThrow();
});
