/** What a sandbox is that extends another: for each key, with a value in the base, in the file, in both or in neither. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { optionsUnder } from '../../../lib/sandbox/file/apply.js';
import { partsIn } from '../../../lib/sandbox/file/loaded-sandbox.js';
import { loadSandbox, type SandboxInput } from '../../../lib/sandbox/load-sandbox.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-extends-')));
afterAll(() => rmSync(directory, { recursive: true }));
mkdirSync(join(directory, 'inner'));

let count = 0;
function written(document: object): string {
  const path = join(directory, `sandbox${count++}.json`);
  writeFileSync(path, JSON.stringify(document));
  return path;
}

/** The contents of a sandbox that extends another. */
const extended = (base: SandboxInput, own: SandboxInput) =>
  loadSandbox(written({ ...own, extends: written(base) })).contents;

type Keys = Omit<SandboxInput, 'profile' | 'extends' | '$schema' | 'paths' | 'env'>;

describe('a key of the file replaces that of its base', () => {
  test.each<[string, Keys, Keys, Keys]>([
    ['isolate', { isolate: true }, { isolate: false }, { isolate: false }],
    ['isolate', { isolate: false }, { isolate: true }, { isolate: true }],
    ['isolate', { isolate: false }, { isolate: { abstractSockets: true } }, { isolate: { abstractSockets: true } }],
    ['isolate', { isolate: false }, {}, { isolate: false }],
    ['network', { network: 'none' }, {}, { network: 'none' }],
    ['network', {}, { network: 'none' }, { network: 'none' }],
    ['timeout', { timeout: 5 }, { timeout: 0 }, { timeout: 0 }],
    ['timeout', { timeout: 0 }, { timeout: 2_147_483_647 }, { timeout: 2_147_483_647 }],
    ['timeout', { timeout: 5 }, {}, { timeout: 5 }],
    ['descendants', { descendants: 'kill' }, { descendants: 'leave' }, { descendants: 'leave' }],
    ['descendants', { descendants: 'leave' }, { descendants: 'kill' }, { descendants: 'kill' }],
    ['descendants', { descendants: 'kill' }, {}, { descendants: 'kill' }],
    ['capabilities', { capabilities: ['CAP_CHOWN'] }, { capabilities: [] }, { capabilities: [] }],
    ['capabilities', { capabilities: [] }, { capabilities: ['CAP_CHOWN'] }, { capabilities: ['CAP_CHOWN'] }],
    ['capabilities', { capabilities: ['CAP_CHOWN'] }, {}, { capabilities: ['CAP_CHOWN'] }],
  ])('%s: of %o and %o, %o', (_, base, own, expected) => {
    expect(extended(base, own)).toEqual(expected);
  });

  test.each<[Keys, Keys, Keys]>([
    [{ limits: { memory: '1G' } }, { limits: { memory: '2G' } }, { limits: { memory: 2 ** 31 } }],
    [
      { limits: { memory: '1G', processes: 5 } },
      { limits: { processes: 9, cpu: 2 } },
      { limits: { memory: 2 ** 30, processes: 9, cpu: 2 } },
    ],
    [
      { limits: { processes: 5, exact: false } },
      { limits: { memory: '1G' } },
      { limits: { memory: 2 ** 30, processes: 5, exact: false } },
    ],
    [{ limits: { processes: 5 } }, { limits: { exact: false } }, { limits: { processes: 5, exact: false } }],
    [
      { limits: { processes: 5, exact: false } },
      { limits: { exact: true } },
      { limits: { processes: 5, exact: true } },
    ],
    [
      { limits: { processes: 5, exact: 'preferred' } },
      { limits: { processes: 9 } },
      { limits: { processes: 9, exact: 'preferred' } },
    ],
    [{ limits: { processes: 5 } }, {}, { limits: { processes: 5 } }],
    [{ limits: { processes: 5 } }, { limits: {} }, { limits: { processes: 5 } }],
    [
      { rlimits: { core: 0, nofile: 9 } },
      { rlimits: { nofile: { soft: 3, hard: 4 }, cpu: 'unlimited' } },
      {
        rlimits: {
          core: { soft: 0, hard: 0 },
          nofile: { soft: 3, hard: 4 },
          cpu: { soft: 'unlimited', hard: 'unlimited' },
        },
      },
    ],
    [{ rlimits: { core: 0 } }, { rlimits: {} }, { rlimits: { core: { soft: 0, hard: 0 } } }],
    [{}, { rlimits: { core: 0 } }, { rlimits: { core: { soft: 0, hard: 0 } } }],
  ])('limits by their names: of %o and %o, %o', (base, own, expected) => {
    expect(extended(base, own)).toEqual(expected);
  });
});

describe('env of the file adds to that of its base', () => {
  type Env = NonNullable<SandboxInput['env']>;
  const passed = (...pass: readonly string[]) => ({ values: {}, pass });

  test.each<[Env | undefined, Env | undefined, unknown]>([
    [['A'], ['B'], passed('A', 'B')],
    [['A', 'B'], ['B'], passed('A', 'B')],
    [{ A: '1', B: '2' }, ['B'], { values: { A: '1' }, pass: ['B'] }],
    [['A', 'B'], { B: '2' }, { values: { B: '2' }, pass: ['A'] }],
    [{ A: '1' }, { A: '2', B: '' }, { values: { A: '2', B: '' }, pass: [] }],
    [{ A: '1' }, [], { values: { A: '1' }, pass: [] }],
    [['A'], {}, passed('A')],
    [undefined, [], passed()],
    [['A'], undefined, passed('A')],
    [undefined, undefined, undefined],
  ])('of %j and %j, %j', (base, own, expected) => {
    expect(extended({ env: base } as SandboxInput, { env: own } as SandboxInput).env).toEqual(expected);
  });

  test('and the program gets the value of this process for a name that the base sets', () => {
    vi.stubEnv('SECCOMP_TEST_A', 'of this process');
    try {
      const sandbox = loadSandbox(
        written({ env: ['SECCOMP_TEST_A'], extends: written({ env: { SECCOMP_TEST_A: 'of the base', B: '2' } }) }),
      );
      expect({ ...Object(optionsUnder(sandbox, {}, 'spawn')['env']) }).toEqual({
        SECCOMP_TEST_A: 'of this process',
        B: '2',
      });
      const other = loadSandbox(
        written({ env: { SECCOMP_TEST_A: 'set' }, extends: written({ env: ['SECCOMP_TEST_A'] }) }),
      );
      expect({ ...Object(optionsUnder(other, {}, 'spawn')['env']) }).toEqual({ SECCOMP_TEST_A: 'set' });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('paths of the file add to those of its base', () => {
  test('each relative to its own file, the base’s first, in their lists', () => {
    const base = written({ paths: { read: ['@system', './a'], execute: ['./x'] } });
    const own = join(directory, 'inner/own.json');
    writeFileSync(
      own,
      JSON.stringify({ extends: base, paths: { read: ['./a', { path: './b', optional: true }], write: ['@tmp'] } }),
    );
    expect(loadSandbox(own).contents.paths).toEqual({
      read: [
        '@system',
        join(directory, 'a'),
        join(directory, 'inner/a'),
        { path: join(directory, 'inner/b'), optional: true },
      ],
      write: ['@tmp'],
      execute: [join(directory, 'x')],
    });
  });

  test('none of the file leaves those of the base, and an empty object too', () => {
    const paths = { read: ['@system'] };
    expect([extended({ paths }, {}), extended({ paths }, { paths: {} }), extended({}, { paths })]).toEqual(
      Array(3).fill({ paths }),
    );
  });

  test('keep home directories closed if the base does', () => {
    const keeps = (sandbox: SandboxInput) => partsIn(loadSandbox(sandbox)).paths?.keepsHome;
    expect(keeps({ extends: 'untrusted', paths: { read: ['/usr'] } })).toBe(true);
    expect(keeps({ extends: 'untrusted' })).toBe(true);
    expect(keeps({ paths: { read: ['/usr'] } })).toBe(false);
  });
});

describe('the profile', () => {
  const nameOf = (document: SandboxInput) => Object(loadSandbox(document).profile).source;

  test('is that of the file, of its base, or docker-default', () => {
    const base = written({ profile: 'node' });
    expect([nameOf({ extends: base, profile: 'compute' }), nameOf({ extends: base }), nameOf({})]).toEqual([
      'compute',
      'node',
      'docker-default',
    ]);
  });
});

describe('a sandbox that contradicts its base', () => {
  const errorOf = (base: SandboxInput, own: SandboxInput) => () => extended(base, own);

  test.each<[string, SandboxInput, SandboxInput, RegExp | undefined]>([
    ['descendants', { isolate: false }, { descendants: 'kill' }, /:1:2: descendants: what ends the descendants needs/],
    ['isolate', { descendants: 'kill' }, { isolate: false }, /:1:2: isolate: what ends the descendants needs/],
    ['nothing', { descendants: 'leave' }, { isolate: false }, undefined],
    ['nothing', { isolate: true }, { descendants: 'kill' }, undefined],
    [
      'network',
      { isolate: { abstractSockets: true } },
      { network: 'none' },
      /:1:2: network: "abstractSockets": true has/,
    ],
    [
      'isolate',
      { network: 'none' },
      { isolate: { abstractSockets: true } },
      /:1:2: isolate: "abstractSockets": true has/,
    ],
    ['nothing', { network: 'none' }, { isolate: { abstractSockets: false } }, undefined],
    ['nothing', {}, { isolate: { abstractSockets: true } }, undefined],
    [
      'descendants',
      { limits: { processes: 5, exact: false } },
      { descendants: 'leave' },
      /:1:2: descendants: "exact": false/,
    ],
    [
      'limits',
      { descendants: 'leave' },
      { limits: { processes: 5, exact: false } },
      /:1:2: limits: "exact": false needs/,
    ],
    ['nothing', { descendants: 'leave' }, { limits: { processes: 5 } }, undefined],
    ['nothing', { descendants: 'leave' }, { limits: { processes: 5, exact: true } }, undefined],
    ['nothing', { descendants: 'leave' }, { limits: { processes: 5, exact: 'preferred' } }, undefined],
    ['nothing', { descendants: 'kill' }, { limits: { processes: 5, exact: false } }, undefined],
    ['env', { paths: { read: ['/usr'] } }, { env: { A: '@tmp' } }, /:1:\d+: env\.A: "@tmp" is the directory/],
    ['nothing', { paths: { write: ['@tmp'] } }, { env: { A: '@tmp' } }, undefined],
    ['nothing', { env: { A: 'x' } }, { env: { A: 'y' } }, undefined],
  ])('in %s: %o and %o', (_, base, own, message) => {
    if (message === undefined) expect(errorOf(base, own)).not.toThrow();
    else expect(errorOf(base, own)).toThrow(message);
  });
});

test('a chain of 16 files that extend one another is read, and of 18 refused', () => {
  const chain = (length: number) =>
    Array.from({ length }).reduce<string>((base) => written({ extends: base }), written({ timeout: 5 }));
  expect(loadSandbox(chain(16)).contents.timeout).toBe(5);
  expect(() => loadSandbox(chain(18))).toThrow(/is one of more than 16: merge some of them/);
});

describe('the warnings of a chain of files', () => {
  const chain = (length: number, document: SandboxInput) =>
    loadSandbox(
      [...Array(length)].reduce<string>((base) => written({ ...document, extends: base }), written(document)),
    ).warnings.map(({ message }) => message);

  test('are given once, each with its own file', () => {
    const messages = chain(3, { env: { CACHE: '$HOME/cache' } });
    const [own, ...inherited] = messages;
    expect(own).toMatch(/^is passed on as it stands/);
    const files = inherited.map(
      (text) => /sandbox(\d+)\.json:1:\d+: env\.CACHE: is passed on as it stands/.exec(text)?.[1],
    );
    expect(files).toEqual([count - 4, count - 3, count - 2].map(String));
  });

  test('are bounded', () => {
    const write = [...Array(50)].map((_, i) => `./${'./'.repeat(i)}`);
    const messages = chain(16, { paths: { write } });
    const inherited = messages.slice(-17);
    expect(messages).toHaveLength(1 + 50 + 17);
    expect(inherited.filter((message) => message.length > 400)).toEqual([]);
    // Of each file the paths of its own, and that the paths of those before let the program change it.
    const more = 16 * 50 + 15 - 16;
    expect(messages.at(-1)).toBe(`and ${more} more warnings of what it extends: check these files one by one`);
  });
});

test('a warning names the first file of the sandbox that the program may change', () => {
  mkdirSync(join(directory, 'out'));
  writeFileSync(join(directory, 'out/base.json'), '{}');
  symlinkSync(join(directory, 'out'), join(directory, 'link'));
  const warnings = (write: string) =>
    loadSandbox(written({ extends: join(directory, 'out/base.json'), paths: { write: [write] } })).warnings.map(
      ({ message }) => message.split(',')[0],
    );
  expect(warnings(directory)).toEqual(['lets the program change this sandbox']);
  for (const write of ['./out', './link'])
    expect(warnings(write)).toEqual([`lets the program change ${join(directory, 'out/base.json')}`]);
});
