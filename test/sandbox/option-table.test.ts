/** Which options each function takes, which it refuses with a reason, and what it reads of their values. */
import { describe, expect, test } from 'vitest';
import {
  concerns,
  copyOptions,
  type FunctionName,
  isOfNode,
  isOption,
  optionsOf,
  readOptions,
  reasonsAgainst,
} from '../../lib/sandbox/options/table.js';
import { invalidType } from '../../lib/util/option-errors.js';

/** The options of a function, and after a `!` those that it refuses with a reason of its own. */
const TABLE: Readonly<Record<FunctionName, string>> = {
  spawn:
    'profile cwd env argv0 uid gid rlimits limits isolate paths network bestEffort shell detached windowsHide windowsVerbatimArguments serialization handles capabilities abis noNewPrivileges logDenied onViolation reportPaths notify notifyTimeout stdio timeout signal killSignal descendants forceKillAfter !',
  spawnSync:
    'profile cwd env argv0 uid gid rlimits limits isolate paths network bestEffort shell detached windowsHide windowsVerbatimArguments serialization handles capabilities abis noNewPrivileges logDenied onViolation reportPaths stdio input encoding maxBuffer timeout killSignal descendants forceKillAfter ! notify',
  run: 'profile cwd env argv0 uid gid rlimits limits isolate paths network bestEffort shell detached windowsHide windowsVerbatimArguments serialization handles capabilities abis noNewPrivileges logDenied onViolation reportPaths notify notifyTimeout stdio input encoding maxBuffer timeout signal killSignal descendants forceKillAfter !',
  execFile:
    'cwd env uid gid rlimits limits isolate paths network bestEffort shell capabilities abis noNewPrivileges logDenied onViolation reportPaths notify notifyTimeout encoding maxBuffer timeout signal killSignal descendants forceKillAfter !',
  execve:
    'profile cwd env argv0 uid gid rlimits isolate paths network bestEffort capabilities abis noNewPrivileges logDenied descendants ! limits',
  record:
    'cwd env argv0 uid gid rlimits limits isolate paths bestEffort shell detached windowsHide windowsVerbatimArguments serialization handles capabilities noNewPrivileges stdio timeout signal killSignal descendants forceKillAfter compareArguments containerStart merge mergePaths ! profile network abis logDenied onViolation reportPaths notify notifyTimeout',
  fork: 'profile cwd env argv0 uid gid rlimits limits isolate paths network bestEffort detached windowsHide windowsVerbatimArguments serialization handles execPath execArgv silent capabilities abis noNewPrivileges logDenied onViolation reportPaths notify notifyTimeout stdio timeout signal killSignal descendants forceKillAfter !',
  harden:
    'paths network bestEffort capabilities abis noNewPrivileges logDenied threads acceptSharedPool acceptRings ! profile limits descendants',
  compile: 'capabilities abis host !',
  probe: 'paths network capabilities abis !',
  assertDenied: 'paths network capabilities abis errno !',
  listen: 'notifyTimeout !',
  Sandbox: 'allowUnknownOptions !',
};
const NAMES = Object.keys(TABLE) as FunctionName[];
const ALL = [...new Set(NAMES.flatMap(optionsOf))];

test.each(NAMES)('%s has its options, and reasons against others', (by) => {
  expect([...optionsOf(by), '!', ...reasonsAgainst(by).keys()].join(' ')).toBe(TABLE[by].trim());
  for (const reason of reasonsAgainst(by).values()) expect(reason).toMatch(/\w+.*: \w+/);
  for (const name of ALL)
    expect(concerns(by, name), name).toBe(optionsOf(by).includes(name) || reasonsAgainst(by).has(name));
  expect([concerns(by, 'nothing'), concerns(by, 'toString')]).toEqual([false, false]);
});

test('some options are Node’s too', () => {
  expect(ALL.filter(isOfNode).sort().join(' ')).toBe(
    'argv0 cwd detached encoding env execArgv execPath gid input killSignal maxBuffer serialization shell signal silent stdio timeout uid windowsHide windowsVerbatimArguments',
  );
  expect([isOption('isolate'), isOption('cwd'), isOption('toString'), isOfNode('toString')]).toEqual([
    ...[true, true, false, false],
  ]);
});

/** What a function reads of an option, or the code of its error. */
function read(by: FunctionName, name: string, value: unknown): unknown {
  try {
    return readOptions<Readonly<Record<string, unknown>>>(by, { [name]: value })[name];
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

describe('an option that functions read in different ways:', () => {
  test.each<[FunctionName, string, unknown, unknown]>([
    ['spawnSync', 'timeout', 2 ** 31, 2 ** 31],
    ['spawnSync', 'timeout', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ['spawn', 'timeout', 2 ** 31, 'ERR_OUT_OF_RANGE'],
    ['run', 'timeout', 2 ** 31, 'ERR_OUT_OF_RANGE'],
    ['spawnSync', 'serialization', 'x', 'x'],
    ['spawn', 'serialization', 'x', 'ERR_INVALID_ARG_VALUE'],
    ['spawn', 'serialization', 'json', 'json'],
    ['execFile', 'encoding', 'x', 'x'],
    ['run', 'encoding', 'x', 'ERR_UNKNOWN_ENCODING'],
    ['run', 'encoding', 'utf8', 'utf8'],
    ['record', 'paths', true, true],
    ['record', 'paths', false, 'ERR_INVALID_ARG_TYPE'],
    ['spawn', 'paths', true, 'ERR_INVALID_ARG_TYPE'],
    ['record', 'detached', null, false],
    ['fork', 'execPath', 5, 5],
    ['fork', 'execArgv', ['-p'], ['-p']],
    ['compile', 'host', 5, 5],
  ])('%s reads %s %o as %o', (by, name, value, expected) => {
    expect(read(by, name, value)).toEqual(expected);
  });

  test('input has the name that Node gives it', () => {
    expect(() => readOptions('spawnSync', { input: 5 })).toThrow(/"options\.stdio\[0\]" property/);
    expect(() => readOptions('run', { input: 5 })).toThrow(/"options\.input" property/);
  });

  test('mergePaths and paths have their own names in errors', () => {
    expect(() => readOptions('record', { mergePaths: { read: [5] } })).toThrow(/options\.mergePaths\.read\[0\]/);
    expect(() => readOptions('record', { paths: { read: [5] } })).toThrow(/options\.paths\.read\[0\]/);
  });

  test('input is refused without a pipe by the functions that write it', () => {
    for (const by of ['spawnSync', 'run'] as const)
      expect(() => readOptions(by, { input: 'x', stdio: 'ignore' })).toThrow(/options\.input: stdin is not a pipe/);
    expect(() => readOptions('run', { input: 'x', stdio: ['pipe', 'ignore'] })).not.toThrow();
  });
});

describe('options are refused', () => {
  test.each<[FunctionName, object, string]>([
    ['run', { stdin: 'x' }, 'options.stdin: unknown option (did you mean input?)'],
    ['spawn', { stdin: 'x' }, 'options.stdin: unknown option (did you mean stdio?)'],
    ['spawn', { memory: '1G' }, 'options.memory: unknown option: it is one of options.limits'],
    ['spawn', { cpus: 2 }, 'options.cpus: unknown option: it is one of options.limits'],
    ['execve', { memory: '1G' }, 'options.memory: unknown option'],
    ['fork', { shell: true }, 'options.shell: unknown option'],
    ['execFile', { argv0: 'x' }, 'options.argv0: unknown option'],
    ['spawn', { tiemout: 5 }, 'options.tiemout: unknown option (did you mean timeout?)'],
  ])('by %s: %o', (by, options, message) => {
    expect(() => readOptions(by, options)).toThrow(
      expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringContaining(message) }),
    );
  });

  test.each([null, 'text', 5, [], true])('that are %o', (options) => {
    expect(() => copyOptions(['spawn'], options)).toThrow(invalidType('options', 'of type object', options).message);
  });

  test('a limit of processes of root', ({ skip }) => {
    skip(process.getuid?.() !== 0, 'needs root');
    expect(() => readOptions('spawn', { rlimits: { nproc: 5 } })).toThrow(/nproc/);
    expect(() => readOptions('spawn', { rlimits: { nproc: 5 }, uid: 7 })).not.toThrow();
  });
});

describe('options are copied', () => {
  test('without those that are undefined, whatever their names', () => {
    expect({ ...copyOptions(['spawn'], { nothing: undefined, cwd: '/' }) }).toMatchObject({ cwd: '/' });
    expect({ ...copyOptions(['spawn'], undefined) }).toEqual({});
  });

  test('without unknown ones, if these are allowed, but not without those of other functions', () => {
    expect({ ...copyOptions(['spawn'], { nothing: 1, cwd: '/' }, true) }).toEqual({ cwd: '/' });
    expect(() => copyOptions(['spawn'], { nothing: 1 })).toThrow('unknown option');
    expect(() => copyOptions(['spawn'], { threads: 'all' }, true)).toThrow('options.threads: unknown option');
    expect({ ...copyOptions(['spawn', 'harden'], { threads: 'all', cwd: '/' }) }).toEqual({ threads: 'all', cwd: '/' });
  });
});
