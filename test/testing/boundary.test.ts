/** The arguments of assertions: own data properties are read once, and invalid ones are errors, also behind `.not`. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  assertDenied,
  assertNeedsNoMore,
  assertRunsUnder,
  matchers,
  neededSyscalls,
  probe,
} from '../../lib/testing/index.js';

const profile = 'docker-default';
const directory = mkdtempSync(join(tmpdir(), 'seccomp-boundary-'));
beforeAll(() => vi.stubEnv('CI', ''));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

class Options {
  errno = 'EPERM';
}

describe.each([
  ['a Map', new Map([['errno', 'EPERM']]), /must be a plain object, not an instance of Map/],
  ['an instance of a class', new Options(), /must be a plain object, not an instance of Options/],
  ['an object that inherits', Object.create({ errno: 'EPERM' }), /inherits from another/],
  ['a getter', Object.defineProperty({}, 'errno', { get: () => 'EPERM', enumerable: true }), /is a getter/],
  ['an unknown option', { errn: 'EPERM' }, /options\.errn: unknown option \(did you mean errno\?\)/],
  [
    'an unknown errno',
    { errno: 'EPRM' },
    /options\.errno: 'EPRM' is not an errno \(did you mean EPERM\?\): give a name/,
  ],
  ['a number in place of a name', { errno: 1 }, /options\.errno: 1 is not an errno/],
])('options of a denial: %s', (_, options, message) => {
  test('is refused by the assertion, and by the matcher behind .not', () => {
    expect(() => assertDenied(profile, 'mount', options)).toThrow(message);
    expect(() => matchers.toDenySyscall.call({ isNot: true }, profile, 'mount', options)).toThrow(message);
  });
});

test('an errno can be given by each of its names, and in digits', () => {
  const again = JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 11 });
  for (const errno of ['EAGAIN', 'EWOULDBLOCK', '11']) assertDenied(again, 'mount', { errno });
  expect(() => assertDenied(again, 'mount', { errno: 'EPERM' })).toThrow(
    /denied with EAGAIN; should be denied with EPERM/,
  );
});

test('an errno on Object.prototype is ignored', () => {
  Object.defineProperty(Object.prototype, 'errno', { value: 'ENOSYS', configurable: true, writable: true });
  try {
    const [answer] = probe(profile, 'read');
    expect(Object.keys({ ...answer })).not.toContain('errno');
    assertDenied(profile, 'mount');
    expect(() => assertDenied(profile, 'read', { errno: 'ENOSYS' })).toThrow(/^read is allowed; should be denied/);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'errno');
  }
});

// biome-ignore lint/suspicious/noSparseArray: it is what this is about
const HOLE = ['echo', , 'x'] as string[];

test.each([
  ['a text', 'true' as never, /^command: must be an array, \[file, \.\.\.arguments\], not 'true'/],
  ['an empty list', [], /^command: is empty/],
  ['a list with a hole', HOLE, /^command\[1\]: is a hole/],
  ['a list with a number', ['echo', 1] as never, /^command\[1\]: must be a string, not 1/],
])('a command that is %s is refused, also behind .not', async (_, command, message) => {
  await expect(assertRunsUnder(command, profile)).rejects.toThrow(message);
  await expect(matchers.toRunUnder.call({ isNot: true }, command, profile)).rejects.toThrow(message);
  await expect(neededSyscalls(command)).rejects.toThrow(message);
  await expect(assertNeedsNoMore(command, join(directory, 'none.json'))).rejects.toThrow(message);
});

test.each([
  ['a Map', new Map([['cwd', '/nowhere']]) as never, /must be a plain object/],
  ['an unknown encoding', { encoding: 'nope' as never }, /Unknown encoding: nope/],
  ['an unknown option', { tiemout: 1 } as never, /options\.tiemout: unknown option/],
])('options of a run: %s is refused', async (_, options, message) => {
  await expect(assertRunsUnder(['true'], profile, options)).rejects.toThrow(message);
});

describe('a list that cannot be read or written is reported before the command runs:', () => {
  const ran = join(directory, 'ran');
  const broken = join(directory, 'broken.json');
  writeFileSync(broken, '{');

  test.each([
    [
      'no such directory',
      '/nowhere/x.json',
      /^\/nowhere\/x\.json: the list can't be written \(ENOENT.*nothing was run/,
    ],
    ['a directory that is not there', `${join(directory, 'none')}/`, /can't be written/],
    ['no name', '', /^file: must be a path or a file URL, not ''/],
    ['no text', 5 as never, /^file: must be a path or a file URL, not 5/],
    ['a list with mistakes', broken, /can't be read as JSON/],
  ])('%s', async (_, file, message) => {
    await expect(assertNeedsNoMore(['touch', ran], file)).rejects.toThrow(message);
    expect(existsSync(ran)).toBe(false);
  });

  test('a command that fails leaves no list', async () => {
    const own = mkdtempSync(join(directory, 'own-'));
    await expect(assertNeedsNoMore(['false'], join(own, 'list.json'))).rejects.toThrow(/exit code 1/);
    expect(readdirSync(own)).toEqual([]);
    await assertNeedsNoMore(['true'], join(own, 'list.json'));
    expect(JSON.parse(readFileSync(join(own, 'list.json'), 'utf8'))).toContain('exit_group');
  });
});
