/** What loadSandbox reads, and what the sandbox consists of then. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { extend, loadProfile } from '../../../lib/profile/source.js';
import { LoadedSandbox, makeSandbox } from '../../../lib/sandbox/file/loaded-sandbox.js';
import { loadSandbox, type SandboxInput } from '../../../lib/sandbox/load-sandbox.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-sandbox-file-')));
afterAll(() => rmSync(directory, { recursive: true }));
mkdirSync(join(directory, 'out'));
mkdirSync(join(directory, 'inner'));
writeFileSync(join(directory, 'data.txt'), 'data');

/** Writes a sandbox file, and returns its path. */
function written(name: string, document: object | string): string {
  const path = join(directory, name);
  writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
  return path;
}

const PROFILE = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }] } as const;

describe('a sandbox is read from', () => {
  const document: SandboxInput = { paths: { read: ['@system', './data.txt'] }, timeout: 5000 };
  const path = written('sandbox.json', document);
  const ofFile = { paths: { read: ['@system', join(directory, 'data.txt')] }, timeout: 5000 };

  test.each<[string, string | URL, object]>([
    ['a path', path, ofFile],
    ['a file URL', pathToFileURL(path), ofFile],
    ['JSON text', JSON.stringify(document), document],
  ])('%s', (_, source, contents) => {
    expect(loadSandbox(source).contents).toEqual(contents);
  });

  test('an object', () => {
    const sandbox = loadSandbox(document);
    expect(sandbox).toMatchObject({ source: 'inline', contents: document, warnings: [] });
    expect(loadSandbox(sandbox)).toBe(sandbox);
  });

  test('an object with URLs as paths', () => {
    const read = [pathToFileURL(join(directory, 'data.txt'))];
    expect(loadSandbox({ paths: { read } }).contents.paths).toEqual({ read: [join(directory, 'data.txt')] });
    expect(() => loadSandbox({ paths: { read: [new URL('https://example.org/')] } })).toThrow('is a URL of https:');
  });

  test('the name of a built-in', () => {
    const sandbox = loadSandbox('untrusted');
    expect(sandbox).toMatchObject({ source: 'untrusted', contents: { network: 'none' } });
    expect(JSON.parse(JSON.stringify(sandbox.contents))).toMatchObject({
      limits: { memory: 2 ** 30, exact: 'preferred' },
      rlimits: { fsize: { hard: 2 ** 29 } },
      isolate: true,
    });
  });

  test('a link, whose own directory its paths are relative to', () => {
    symlinkSync(path, join(directory, 'inner/link.json'));
    expect(loadSandbox(join(directory, 'inner/link.json')).contents.paths).toEqual({
      read: ['@system', join(directory, 'inner/data.txt')],
    });
  });
});

describe('no sandbox is read from', () => {
  test.each<[string, unknown, string]>([
    ['an unknown name', 'untrustd', 'unknown built-in sandbox "untrustd" (did you mean untrusted?)'],
    ["a profile's name", 'docker-default', 'docker-default is a profile: write { "profile": "docker-default" }'],
    ['a file that does not exist', './none.json', "./none.json: the sandbox can't be read (ENOENT"],
    ['a directory', directory, 'this is a directory, but a sandbox must be a regular file'],
    ['nothing', undefined, 'The "source" argument must be a path, a file URL, the name of a built-in'],
    ['an empty text', '', 'The "source" argument must be'],
    ['a number', 5, 'Received type number (5)'],
    ['a list', [], 'Received an array'],
    ['a Profile', loadProfile('docker-default'), 'Received an instance of Profile'],
    ['a getter', Object.defineProperty({}, 'timeout', { get: () => 5, enumerable: true }), 'timeout: is a getter'],
  ])('%s', (_, source, message) => {
    expect(() => loadSandbox(source as string)).toThrow(message);
  });
});

describe('its profile is', () => {
  test('docker-default if it names none', () => {
    expect(loadSandbox({}).profile).toMatchObject({ source: 'docker-default' });
  });

  test('a file beside it, with its own name in messages', () => {
    written('profile.json', PROFILE);
    const { profile } = loadSandbox(written('with-file.json', { profile: './profile.json' }));
    expect(profile).toMatchObject({ source: './profile.json', document: { syscalls: [{ names: ['read'] }] } });
  });

  test('a document in it, whose problems have positions in the file', () => {
    const path = written('with-profile.json', `{ "profile":\n${JSON.stringify({ ...PROFILE, flags: [] }, null, 1)} }`);
    const sandbox = loadSandbox(path);
    expect(sandbox.profile).toMatchObject({ source: path, document: { defaultAction: 'SCMP_ACT_ERRNO' } });
    const wrong = written('with-warning.json', '{ "profile":\n{ "defaultAction": "SCMP_ACT_ERRNO",\n"syscals": [] } }');
    expect(() => loadSandbox(wrong)).toThrow(`${wrong}:3:1: profile.syscals: unknown key "syscals"`);
  });

  test('a Profile that a program gives', () => {
    const profile = extend('docker-default').deny('ptrace');
    expect(loadSandbox({ profile }).profile).toBe(profile);
    expect(loadSandbox({ profile: ['node', profile] }).profile).toMatchObject([{ source: 'node' }, {}]);
  });

  test('a list, of which the strictest answer counts', () => {
    expect(loadSandbox({ profile: ['docker-default', PROFILE] }).profile).toMatchObject([
      { source: 'docker-default' },
      { source: 'inline' },
    ]);
  });
});

test.each<[string, number, (length: number) => object, string]>([
  [
    'capabilities',
    256,
    (length) => ({ capabilities: Array(length).fill('CAP_CHOWN') }),
    'capabilities: has 257 elements',
  ],
  ['variables', 4096, (length) => ({ env: Array.from({ length }, (_, i) => `V${i}`) }), 'env: has 4097 elements'],
  ['paths', 4096, (length) => ({ paths: { read: Array(length).fill('.') } }), 'paths.read: has 4097 elements'],
])('a list of %s has at most %i elements', (_, most, document, message) => {
  expect(() => loadSandbox(document(most))).not.toThrow();
  expect(() => loadSandbox(document(most + 1))).toThrow(`inline: ${message}: give at most ${most}`);
});

test('a list of profiles has 1 to 8', () => {
  const list = (length: number) => loadSandbox({ profile: Array(length).fill('docker-default') });
  expect(list(8).profile).toHaveLength(8);
  expect(list(1).profile).toMatchObject({ source: 'docker-default' });
  expect(() => list(9)).toThrow('profile: must be a list of 1 to 8 profiles, and this one has 9');
  expect(() => list(0)).toThrow('profile: must be a list of 1 to 8 profiles, and this one has 0');
  expect(() => list(257)).toThrow('profile: has 257 elements: give at most 256');
});

describe('a sandbox that extends another', () => {
  const base = {
    profile: PROFILE,
    paths: { read: ['@system', './data.txt'], write: ['./out'] },
    network: 'none',
    limits: { memory: '1G', processes: 10 },
    rlimits: { core: 0, nofile: 64 },
    env: { A: '1', B: '2' },
    timeout: 1000,
    descendants: 'kill',
    capabilities: [],
  } as const;
  written('base.json', base);

  test('has all that the other says', () => {
    const whole = loadSandbox(join(directory, 'base.json'));
    const extending = loadSandbox(written('inner/extending.json', { extends: '../base.json' }));
    expect(extending.contents).toEqual(whole.contents);
    expect(extending.profile).toMatchObject({ document: { syscalls: [{ names: ['read'] }] } });
  });

  test('adds to its paths, variables and limits, and replaces the rest', () => {
    const path = written('inner/adding.json', {
      extends: '../base.json',
      profile: 'docker-default',
      paths: { read: ['.'] },
      limits: { memory: '2G' },
      rlimits: { nofile: 10 },
      env: ['B', 'C'],
      timeout: 5,
      descendants: 'leave',
      capabilities: ['CAP_CHOWN'],
      isolate: false,
    });
    expect(loadSandbox(path)).toMatchObject({
      profile: { source: 'docker-default' },
      contents: {
        isolate: false,
        paths: {
          read: ['@system', join(directory, 'data.txt'), join(directory, 'inner')],
          write: [join(directory, 'out')],
        },
        network: 'none',
        limits: { memory: 2 ** 31, processes: 10 },
        rlimits: { core: { soft: 0, hard: 0 }, nofile: { soft: 10, hard: 10 } },
        env: { values: { A: '1' }, pass: ['B', 'C'] },
        timeout: 5,
        descendants: 'leave',
        capabilities: ['CAP_CHOWN'],
      },
    });
  });

  test('may extend a built-in', () => {
    const { contents } = loadSandbox({ extends: 'untrusted', paths: { write: ['./out'] }, env: { LANG: 'C' } });
    expect(contents).toMatchObject({
      paths: { read: ['@system', '.'], write: ['@tmp', './out'] },
      env: { values: { HOME: '@tmp', LANG: 'C' }, pass: expect.arrayContaining(['PATH', 'LC_ALL', 'TZ']) },
      network: 'none',
    });
  });
});

describe('a warning says that', () => {
  const warningsOf = (document: object) =>
    loadSandbox(written('warned.json', JSON.stringify(document, null, 1))).warnings.map(
      ({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`,
    );

  test('the program can change the sandbox, or its profile', () => {
    written('out/profile.json', PROFILE);
    const change = (name: string) =>
      `lets the program change ${join(directory, name)}, and so what it may do at its next start`;
    expect(warningsOf({ paths: { write: ['.'] } })).toEqual([
      expect.stringContaining('4:4 paths.write[0]: lets the program change this sandbox, and so'),
    ]);
    expect(warningsOf({ profile: './out/profile.json', paths: { write: ['./out'] } })).toEqual([
      expect.stringContaining(`paths.write[0]: ${change('out/profile.json')}`),
    ]);
    expect(warningsOf({ paths: { read: ['.'], write: ['./out', './warned.jso'] } })).toEqual([
      expect.stringContaining('"./warned.jso" does not exist'),
    ]);
    written('out/base.json', { timeout: 5 });
    expect(warningsOf({ extends: './out/base.json', paths: { write: ['./out'] } })).toEqual([
      expect.stringContaining(change('out/base.json')),
    ]);
    written('writing.json', { paths: { write: ['./out'] } });
    expect(loadSandbox(written('out/extending.json', { extends: '../writing.json' })).warnings).toEqual([
      expect.objectContaining({ path: 'extends', message: expect.stringContaining('change this sandbox') }),
    ]);
    symlinkSync(written('out/real.json', { paths: { write: ['./out'] } }), join(directory, 'linked.json'));
    expect(loadSandbox(join(directory, 'linked.json')).warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining(change('out/real.json')) }),
    ]);
    symlinkSync(written('real.json', { timeout: 5 }), join(directory, 'out/link.json'));
    expect(warningsOf({ extends: './out/link.json', paths: { write: ['./out'] } })).toEqual([
      expect.stringContaining(change('out/link.json')),
    ]);
  });

  test('what it extends has warnings', () => {
    written('warning.json', { env: { CACHE: '$HOME/cache' } });
    expect(warningsOf({ extends: './warning.json' })).toEqual([
      expect.stringMatching(/^2:2 extends: \.\/warning\.json:1:9: env\.CACHE: is passed on as it stands/),
    ]);
  });

  test('a path can’t be reached', () => {
    const long = 'x'.repeat(300);
    expect(warningsOf({ paths: { read: ['./data.txt/x', `./${long}`] } })).toEqual([
      '4:4 paths.read[0]: "./data.txt/x" does not exist (ENOTDIR): create it first, or write { "path": …, "optional": true }',
      expect.stringMatching(/^5:4 paths\.read\[1\]: "\.\/x+" is longer than Linux allows/),
    ]);
  });

  test('a path does not exist yet', () => {
    expect(warningsOf({ paths: { read: ['./later', { path: './other', optional: true }] } })).toEqual([
      '4:4 paths.read[0]: "./later" does not exist (ENOENT): create it first, or write { "path": …, "optional": true }',
    ]);
  });

  test('a variable is not expanded', () => {
    expect(warningsOf({ env: { CACHE: '$HOME/cache', PRICE: '5 $' } })).toEqual([
      '3:3 env.CACHE: is passed on as it stands, as variables are not expanded: write the value itself',
    ]);
  });
});

test('a sandbox can neither be changed nor made by others', () => {
  const sandbox = loadSandbox({ paths: { read: ['.'] } });
  expect(Object.isFrozen(sandbox) && Object.isFrozen(sandbox.contents.paths?.read)).toBe(true);
  expect(() => Reflect.construct(LoadedSandbox, ['x', { files: [], profile: loadProfile('node') }, []])).toThrow(
    expect.objectContaining({ code: 'ERR_ILLEGAL_CONSTRUCTOR' }),
  );
  const several = loadSandbox({ profile: ['node', 'docker-default'] });
  expect(Object.isFrozen(several.profile)).toBe(true);
  expect(Object.keys(Object.getOwnPropertyDescriptors(LoadedSandbox.prototype))).toEqual(['constructor']);
  expect(LoadedSandbox.is(makeSandbox('x', { files: [], profile: loadProfile('node') }, []))).toBe(true);
  expect([LoadedSandbox.is({}), LoadedSandbox.is(null), LoadedSandbox.is(Object.create(sandbox))]).toEqual([
    false,
    false,
    false,
  ]);
});
