/** What is read as a sandbox, and how the mistakes of one that is extended are told. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { SandboxFileError } from '../../../lib/errors.js';
import {
  builtinSandbox,
  isSandboxText,
  readSandboxObject,
  readSandboxText,
  sandboxIn,
} from '../../../lib/sandbox/file/read.js';
import { untrusted } from '../../../lib/sandbox/file/untrusted.js';
import { readSandbox } from '../../../lib/sandbox/load-sandbox.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-read-')));
afterAll(() => rmSync(directory, { recursive: true }));

let count = 0;
function written(document: object | string): string {
  const path = join(directory, `sandbox${count++}.json`);
  writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
  return path;
}

test.each([
  ['{"timeout": 5}', true],
  ['{"$schema": "x", "paths": {}}', true],
  ['{"profile": {"defaultAction": "SCMP_ACT_LOG"}}', true],
  ['{"extends": "untrusted", "nothing": 1}', true],
  ['{"tiemout": 5}', true],
  ['{}', true],
  ['{"$schema": "x"}', true],
  ['{"nothing": 1}', false],
  ['{"defaultAction": "SCMP_ACT_LOG"}', false],
  ['{"syscalls": [], "timeout": 5}', false],
  ['{"linux": {}, "timeout": 5}', false],
  ['{"toString": 1}', false],
  ['[{"timeout": 5}]', false],
  ['"timeout"', false],
  ['5', false],
  ['null', false],
  ['{"timeout": 5', false],
  ['', false],
])('%s is a sandbox: %s', (text, isSandbox) => {
  expect(isSandboxText(text)).toBe(isSandbox);
});

describe('a document', () => {
  test('that is not valid has no sandbox, but its issues in the order of the text', () => {
    const text = '{\n "env": { "A": "$HOME" },\n "timeout": "x",\n "paths": { "read": ["@sytem"] }\n}';
    const read = readSandboxText(text, 'name');
    expect(read).toMatchObject({ source: 'name', sandbox: undefined });
    expect(read.issues.map(({ line, path, severity }) => [line, path, severity])).toEqual([
      [2, 'env.A', 'warning'],
      [3, 'timeout', 'error'],
      [4, 'paths.read[0]', 'error'],
    ]);
    expect(() => sandboxIn(read)).toThrow(SandboxFileError);
  });

  test('that is valid has its warnings', () => {
    const read = readSandboxText('{ "env": { "A": "$HOME" } }', 'name');
    expect(read.issues).toMatchObject([{ path: 'env.A', severity: 'warning', line: 1 }]);
    expect(sandboxIn(read)).toMatchObject({ source: 'name', warnings: read.issues });
  });

  test.each([
    ['{', 'this is not JSON'],
    ['{"timeout": 5, "timeout": 6}', 'is repeated: keep one of the two'],
  ])('%s is not valid', (text, message) => {
    const { sandbox, issues } = readSandboxText(text, 'name');
    expect([sandbox, issues]).toEqual([
      undefined,
      [expect.objectContaining({ message: expect.stringContaining(message) })],
    ]);
  });

  test('that is an object is plain data, and has no positions', () => {
    expect(readSandboxObject({ timeout: 'x' }).issues).toEqual([
      expect.objectContaining({
        path: 'timeout',
        severity: 'error',
        message: expect.stringContaining('must be a number'),
      }),
    ]);
    expect(readSandboxObject({ timeout: 'x' }).issues[0]).not.toHaveProperty('line');
    class Limits {}
    for (const [document, path] of [
      [{ limits: new Limits() }, 'limits'],
      [
        { paths: { read: [Object.defineProperty({}, 'path', { get: () => '/', enumerable: true })] } },
        'paths.read[0].path',
      ],
    ] as const)
      expect(readSandboxObject(document)).toMatchObject({ source: 'inline', sandbox: undefined, issues: [{ path }] });
    const deep = (depth: number) => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 1);
    expect(readSandboxObject({ env: deep(200) } as object).issues[0]?.message).toMatch(/deep|nested|levels/);
  });
});

describe('the mistakes of what is extended', () => {
  const errorOf = (base: object | string, own: object = {}) => {
    const read = readSandbox(written({ ...own, extends: written(base) }));
    return read.issues.map(({ severity, message }) => `${severity}: ${message.replaceAll(directory, '')}`);
  };

  test('are one error, which counts them and names the first; warnings are not among them', () => {
    expect(errorOf({ timeout: 'x' })).toEqual([
      expect.stringMatching(/^error: \/sandbox\d+\.json has an error: \/sandbox\d+\.json:1:2: timeout: must be/),
    ]);
    expect(errorOf('{"env":{"A":"$B"},"timeout":"x"}')).toEqual([
      expect.stringMatching(/^error: \/sandbox\d+\.json has an error: \/sandbox\d+\.json:1:19: timeout: must be/),
    ]);
    expect(errorOf({ timeout: 'x', network: 'y', limits: 5 })).toEqual([
      expect.stringMatching(/has 3 errors, of which this is the first: \/sandbox\d+\.json:1:2: timeout: must be/),
    ]);
  });

  test('are warnings if they are', () => {
    expect(errorOf({ env: { A: '$B', C: '$D' } })).toEqual([
      expect.stringMatching(/^warning: \/sandbox\d+\.json:1:\d+: env\.A: is passed on/),
      expect.stringMatching(/^warning: \/sandbox\d+\.json:1:\d+: env\.C: is passed on/),
    ]);
  });
});

test('a built-in has a name, and a file a path', () => {
  expect(builtinSandbox('untrusted')).toBe(untrusted());
  expect(() => builtinSandbox('untrusted.json')).toThrow(
    expect.objectContaining({
      code: 'ERR_SECCOMP_BUILTIN',
      message: expect.stringContaining('the known name is untrusted. To use a file, put ./ before its name'),
    }),
  );
});
