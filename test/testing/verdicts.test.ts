/** The results of the matchers, for an assertion and for its negation, and the list of needed syscalls. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ProgramEnd, programEnd } from '../../lib/process-tree/program-end.js';
import * as recording from '../../lib/record/record.js';
import {
  assertAllowed,
  assertDenied,
  assertNeedsNoMore,
  assertRunsUnder,
  neededSyscalls as neededOfEntry,
  probe,
} from '../../lib/testing/entry.js';
import { matchers, neededSyscalls } from '../../lib/testing/index.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-verdicts-'));
afterAll(() => rmSync(directory, { recursive: true }));
const list = join(directory, 'list.json');

const MADE = [
  { abi: 'x86_64', syscall: 'write', executable: '/bin/b\n' },
  { abi: 'x86', syscall: 'write', executable: null },
  { abi: 'x86_64', syscall: 'read', executable: '/bin/a' },
  { abi: 'x86_64', syscall: 'write', executable: '/bin/a' },
];
const NAMES = ['read', 'write', 'x86 write'];

/** A recording that ended like this. */
const recorded = (end: ProgramEnd) => ({ recording: { calls: MADE, isComplete: true, notes: [] }, end }) as never;

/** Lets a recording end like this. */
function endRecording(code: number | null = 0, signalNumber: number | null = null): void {
  vi.spyOn(recording, 'recordWithEnd')
    .mockReset()
    .mockResolvedValue(recorded(programEnd(code, signalNumber)));
}
beforeEach(() => {
  endRecording();
  rmSync(list, { force: true });
  vi.stubEnv('CI', '');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

type Result = Promise<{ readonly pass: boolean; readonly message: () => string }>;
async function shown(result: Awaited<Result> | Result) {
  const { pass, message } = await result;
  return [pass, message()];
}

describe.each([{}, { isNot: false }, { isNot: true }])('behind expect(…) with %j,', (context) => {
  test('toAllowSyscall has the reason against the result', async () => {
    const { toAllowSyscall: matcher } = matchers;
    expect(await shown(matcher.call(context, 'compute', 'read'))).toEqual([
      true,
      'read is allowed; should not be allowed',
    ]);
    expect(await shown(matcher.call(context, 'compute', { syscall: 'mount', args: [1] }))).toEqual([
      false,
      'mount(1) is denied with EPERM; should be allowed',
    ]);
  });

  test('toDenySyscall has the reason against the result', async () => {
    const { toDenySyscall: matcher } = matchers;
    const text = 'mount is denied with EPERM; ';
    expect(await shown(matcher.call(context, 'compute', 'mount'))).toEqual([true, `${text}should not be denied`]);
    expect(await shown(matcher.call(context, 'compute', 'mount', { errno: 'EPERM' }))).toEqual([
      ...[true, `${text}should not be denied with EPERM`],
    ]);
    expect(await shown(matcher.call(context, 'compute', 'mount', { errno: 'EACCES' }))).toEqual([
      ...[false, `${text}should be denied with EACCES`],
    ]);
    expect(await shown(matcher.call(context, 'compute', 'read'))).toEqual([false, 'read is allowed; should be denied']);
  });

  test('toRunUnder has the reason against the result', async () => {
    const { toRunUnder: matcher } = matchers;
    const holds = 'sh -c exit 0 runs under the profile, and should not';
    expect(await shown(matcher.call(context, ['sh', '-c', 'exit 0'], 'unconfined'))).toEqual([true, holds]);
    const { isNot = false } = context;
    const unproven = isNot ? '\nnothing shows that this is because of the profile: ' : '$';
    expect(await shown(matcher.call(context, ['sh', '-c', 'exit 3'], 'unconfined', { onViolation: false }))).toEqual([
      isNot,
      expect.stringMatching(new RegExp(`^sh -c exit 3: ended with exit code 3${unproven}`)),
    ]);
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['uname'], action: 'SCMP_ACT_ERRNO' }],
    } as const;
    expect(await shown(matcher.call(context, ['uname'], profile))).toEqual([
      false,
      expect.stringMatching(/^uname: ended with exit code 1[\s\S]*\ndenied: uname\([^\n]*$/),
    ]);
  });

  test('toNeedNoMoreThan has the reason against the result', async () => {
    const { toNeedNoMoreThan: matcher } = matchers;
    writeFileSync(list, JSON.stringify([...NAMES, 'other']));
    expect(await shown(matcher.call(context, ['a', 'b'], list, { cwd: '/' }))).toEqual([
      true,
      `a b needs only syscalls that ${list} lists, and should need others`,
    ]);
    expect(recording.recordWithEnd).toHaveBeenCalledWith('a', ['b'], { cwd: '/' });
    writeFileSync(list, '["read"]');
    expect(await shown(matcher.call(context, ['a', 'b'], pathToFileURL(list)))).toEqual([
      false,
      `a b needs write (made by "/bin/b\\n"), x86 write, which ${list} does not list: find out why, ` +
        'then add them to the file, or run this once with update: true',
    ]);
  });
});

describe('.not', () => {
  const several = [['@mount'], [['mount']], [['mount', 'read']]] as const;
  test.each(several)('of %j is ambiguous', (calls) => {
    const ask = (name: 'toAllowSyscall' | 'toDenySyscall', isNot: boolean) => () =>
      matchers[name].call({ isNot }, 'compute', calls as never);
    const message = (other: string) => `.not with several calls is ambiguous: use ${other}, which is about all of them`;
    expect(ask('toAllowSyscall', true)).toThrow(message('toDenySyscall'));
    expect(ask('toDenySyscall', true)).toThrow(message('toAllowSyscall'));
    expect(ask('toDenySyscall', false)).not.toThrow();
    expect(ask('toAllowSyscall', false)).not.toThrow();
  });
});

describe('needed syscalls', () => {
  test('have each name once, in order, with ABIs that are not the native one', async () => {
    expect(await neededSyscalls(['a', 'b', 'c'], { cwd: '/' })).toEqual(NAMES);
    expect(recording.recordWithEnd).toHaveBeenCalledWith('a', ['b', 'c'], { cwd: '/' });
  });

  test.each<[number | null, number | null, string]>([
    [3, null, 'exit code 3'],
    [null, 9, 'SIGKILL'],
    [null, 35, 'signal 35'],
  ])('of a command that ends with %s, %s are refused', async (code, signalNumber, end) => {
    endRecording(code, signalNumber);
    await expect(neededSyscalls(['a', 'b'])).rejects.toThrow(
      `a b ended with ${end}, without a filter: give a command that works`,
    );
  });

  const needsNoMore = (file: string) => shown(matchers.toNeedNoMoreThan.call({}, ['a'], file));

  test('are written to a file that is missing, one a line, and nothing else is left', async () => {
    const own = mkdtempSync(join(directory, 'own-'));
    const during: string[] = [];
    vi.mocked(recording.recordWithEnd).mockImplementationOnce(async () => {
      during.push(...readdirSync(own));
      return recorded(programEnd(0, null));
    });
    expect(await needsNoMore(join(own, 'new.json'))).toMatchObject({ 0: true });
    expect(during).toEqual([expect.stringMatching(/^\.[-\da-f]+\.tmp$/)]);
    expect(readFileSync(join(own, 'new.json'), 'utf8')).toBe('[\n  "read",\n  "write",\n  "x86 write"\n]\n');
    expect(readdirSync(own)).toEqual(['new.json']);
  });

  test('are not written to a file that is there, nor where CI is set', async () => {
    const file = join(directory, 'there.json');
    const link = join(directory, 'link.json');
    writeFileSync(file, '[]');
    symlinkSync(file, link);
    expect(await needsNoMore(link)).toMatchObject({ 0: false });
    expect(readFileSync(file, 'utf8')).toBe('[]');
    vi.stubEnv('CI', '1');
    expect(await needsNoMore(file)).toMatchObject([
      false,
      expect.stringMatching(/^a needs read \(made by \/bin\/a\), write /),
    ]);
    expect(await needsNoMore(list)).toEqual([
      ...[
        false,
        `${list} does not exist, and is not written where CI is set: run this without CI, or give update: true`,
      ],
    ]);
    expect(existsSync(list)).toBe(false);
  });

  test('are written to a file in the current directory', async () => {
    const root = process.cwd();
    process.chdir(directory);
    try {
      expect(await needsNoMore('here.json')).toMatchObject({ 0: true });
    } finally {
      process.chdir(root);
    }
    expect(JSON.parse(readFileSync(join(directory, 'here.json'), 'utf8'))).toEqual(NAMES);
  });
});

test.each<[string, (...all: never[]) => unknown, readonly unknown[]]>([
  ['assertAllowed', assertAllowed, ['compute', 'read', {}]],
  ['assertDenied', assertDenied, ['compute', 'mount', {}]],
  ['probe', probe, ['compute', 'read', {}]],
  ['assertNeedsNoMore', assertNeedsNoMore, [['true'], list, {}]],
  ['assertRunsUnder', assertRunsUnder, [['true'], 'unconfined', {}]],
  ['neededSyscalls', neededOfEntry, [['true'], {}]],
])('%s takes its arguments and no more', async (name, given, parameters) => {
  const call = async (...more: readonly unknown[]) => Reflect.apply(given, undefined, [...parameters, ...more]);
  await call();
  await expect(call(1)).rejects.toThrow(
    `${name}() takes ${parameters.length} arguments, and argument ${parameters.length + 1} would be ignored`,
  );
});
