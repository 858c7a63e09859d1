/** The exit statuses of the command, its messages, and its options that may be repeated. */
import { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { exitAsProgram, exitFailed, exitNotStarted, exitWithResult } from '../../lib/cli/exit-status.js';
import { messageOf, profileOptions } from '../../lib/cli/options/profile-options.js';
import { refuseSecondValues, several } from '../../lib/cli/options/repeated-options.js';
import { actionInWords } from '../../lib/cli/output/action-text.js';
import { reportStartFailure } from '../../lib/cli/start-failure.js';
import { programEnd } from '../../lib/process-tree/program-end.js';
import { reasonOf } from '../../lib/util/system-error.js';

afterEach(() => {
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

/** The exit status that the action sets. */
function statusAfter(action: () => void): unknown {
  process.exitCode = undefined;
  action();
  return process.exitCode;
}

describe('the exit status', () => {
  test.each([
    [0, null, 0],
    [3, null, 3],
    [255, null, 255],
    [null, 15, 143],
    [null, 9, 137],
    [null, 31, 159],
    [null, 35, 163],
    [null, null, 125],
  ] as const)('of a program with code %s and signal %s is %i', (code, signal, status) => {
    expect(statusAfter(() => exitAsProgram(programEnd(code, signal)))).toBe(status);
  });

  test('of a result is 0 or 1, unless something failed before', () => {
    expect([true, false].map((isGood) => statusAfter(() => exitWithResult(isGood)))).toEqual([0, 1]);
    const afterFailure = (isGood: boolean) => () => {
      exitFailed();
      exitWithResult(isGood);
    };
    expect([true, false].map((isGood) => statusAfter(afterFailure(isGood)))).toEqual([125, 125]);
  });

  test('of a program that is not started is 126 if it exists, and 127 if not', () => {
    expect([true, false].map((isFound) => statusAfter(() => exitNotStarted(isFound)))).toEqual([126, 127]);
  });
});

describe('an error of a start', () => {
  const failure = (code: string, call: string) => Object.assign(new Error(code), { code, call });

  test.each([
    ['ENOENT', 127, 'seccomp: true: command not found\n'],
    ['EACCES', 126, 'seccomp: true: not executable (EACCES)\n'],
    ['ENOEXEC', 126, 'seccomp: true: not executable (ENOEXEC)\n'],
  ])('%s of execve is reported with status %i', (code, status, text) => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(statusAfter(() => reportStartFailure('true', [], failure(code, 'execve')))).toBe(status);
    expect(write.mock.calls).toEqual([[text]]);
  });

  test.each([
    ['ENOENT', 127],
    ['EACCES', 126],
  ])('%s of Node’s spawn is reported with status %i', (code, status) => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const error = Object.assign(new Error(code), { code, syscall: 'spawn true' });
    expect(statusAfter(() => reportStartFailure('true', [], error))).toBe(status);
  });

  test.each<[string, readonly string[], NodeJS.ProcessEnv | undefined, string]>([
    ['ls | wc', [], undefined, `"ls | wc": command not found: for a shell's command line, write sh -c 'ls | wc'`],
    ['ls | wc', ['a'], undefined, '"ls | wc": command not found'],
    ['a', [], { LANG: 'C' }, 'a: command not found in /bin and /usr/bin, as it gets no PATH: give --env PATH'],
    ['a', [], { PATH: '/x' }, 'a: command not found'],
    ['./a', [], {}, './a: command not found'],
    [
      ...(['untrusted', ['true'], undefined] as const),
      'untrusted: command not found: for the built-in sandbox, write seccomp run -s untrusted',
    ],
    [
      'compute',
      [],
      { PATH: '/x' },
      'compute: command not found: for the built-in profile, write seccomp run -p compute',
    ],
    ['node', [], {}, 'node: command not found in /bin and /usr/bin, as it gets no PATH: give --env PATH'],
  ])('ENOENT of %j with %j and the environment %j has a hint', (command, args, env, text) => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(statusAfter(() => reportStartFailure(command, args, failure('ENOENT', 'execve'), env))).toBe(127);
    expect(write.mock.calls).toEqual([[`seccomp: ${text}\n`]]);
  });

  test.each([
    failure('ENOENT', 'chdir'),
    Object.assign(failure('ENOENT', 'chdir'), { syscall: 'spawn true' }),
    Object.assign(new Error('EAGAIN of fork'), { code: 'EAGAIN', syscall: 'spawn true' }),
    Object.assign(new Error('ENOENT of open'), { code: 'ENOENT', syscall: 'open' }),
    new Error('other'),
    'text',
  ])('%s is thrown again', (error) => {
    expect(() => reportStartFailure('true', [], error)).toThrow();
    expect(process.exitCode).toBe(undefined);
  });
});

describe('a message', () => {
  test.each([
    ['options.mode: is unknown', '--compat: is unknown'],
    ['options.abis: unknown ABI', '--abi: unknown ABI'],
    ['options.noNewPrivileges: no', '--new-privileges: no'],
    ['options.isolate: no', 'options.isolate: no'],
    ['see options.mode', 'see options.mode'],
  ])('names the flag for an option of the library: %s', (message, expected) => {
    expect([messageOf(new Error(message)), messageOf(message)]).toEqual([expected, expected]);
  });

  test('has the system’s words for an errno', () => {
    expect(reasonOf(Object.assign(new Error('x'), { errno: -28 }))).toBe('ENOSPC: no space left on device');
    expect(reasonOf(Object.assign(new Error('x'), { errno: -99_999 }))).toBe('x');
    expect(reasonOf(new Error('x'))).toBe('x');
  });

  test('has an errno by its name, and a tracer’s number', () => {
    expect(
      (
        [
          { kind: 'errno', errno: 1 },
          { kind: 'errno', errno: 600 },
          { kind: 'trace', message: 3 },
          { kind: 'allow' },
        ] as const
      ).map(actionInWords),
    ).toEqual(['EPERM', 'errno 600', 'trace 3', 'allow']);
  });
});

describe('an option', () => {
  const parse = (...args: string[]) => {
    const command = new Command('it')
      .option('-o, --one <x>', '')
      .option('-m, --many <x>', '', several)
      .option('-f', '')
      .option('-d, --default <x>', '', '7');
    refuseSecondValues(command)
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    return command.parse(args, { from: 'user' }).opts();
  };

  test('that may be repeated collects its values, in order', () => {
    expect(parse('-d', '8')).toEqual({ default: '8' });
    expect(parse('-m', 'a', '-o', '1', '-m', 'b', '-f', '-f')).toEqual({
      many: ['a', 'b'],
      one: '1',
      f: true,
      default: '7',
    });
  });

  test('that may not be repeated is refused, even with the same value', () => {
    expect(() => parse('-o', '1', '--one', '1')).toThrow("option '-o, --one <x>' can be given only once");
  });
});

test('flags that are not given set no option of the library', () => {
  expect(profileOptions({})).toEqual({});
  expect(profileOptions({ compat: true, format: 'oci' })).toEqual({ mode: 'compat', format: 'oci' });
});
