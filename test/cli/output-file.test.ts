/** The file that `seccomp record` writes: in place of none, or of one that exists, and what becomes of it if that fails. */
import fs, { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OutputFile } from '../../lib/cli/output/output-file.js';
import { spyOnBuiltin } from '../support/spy-on-builtin.js';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'seccomp-output-file-'));
  path = join(directory, 'x.json');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Lets link(2) fail once. */
function failToLink(code: string): void {
  spyOnBuiltin(fs, 'linkSync').mockImplementationOnce(() => {
    throw Object.assign(new Error(code), { code });
  });
}

test('has its name only when it is complete, and its draft is in the same directory', () => {
  const file = new OutputFile(path, false);
  expect([file.exists, readdirSync(directory)]).toEqual([
    false,
    [expect.stringMatching(/^\.seccomp-record-[-\da-f]+\.tmp$/)],
  ]);
  file.write('text', () => {});
  file.discard();
  expect([readFileSync(path, 'utf8'), readdirSync(directory)]).toEqual(['text', ['x.json']]);
});

test.each(['EPERM', 'ENOSYS', 'EOPNOTSUPP'])('is written where there are no hard links (%s)', (code) => {
  const file = new OutputFile(path, false);
  failToLink(code);
  file.write('text', () => {});
  file.discard();
  expect([readFileSync(path, 'utf8'), readdirSync(directory)]).toEqual(['text', ['x.json']]);
});

test('that another process has made since is not overwritten, with and without hard links', () => {
  for (const code of [undefined, 'EPERM']) {
    const file = new OutputFile(path, false);
    writeFileSync(path, 'other');
    if (code !== undefined) failToLink(code);
    const failure = expect.stringMatching(
      /x\.json: the profile can't be written \(EEXIST: .*\): the recording is in \//,
    );
    let message = '';
    try {
      file.write('text', () => {});
    } catch (error) {
      message = String(error);
    }
    expect(message).toEqual(failure);
    const saved = message.replace(/.*the recording is in /s, '');
    expect([readFileSync(saved, 'utf8'), statSync(dirname(saved)).mode & 0o777]).toEqual(['text', 0o700]);
    expect(readFileSync(path, 'utf8')).toBe('other');
    rmSync(dirname(saved), { recursive: true });
    rmSync(path);
    file.discard();
  }
});

test('is not written by other means if linking fails for another reason', () => {
  const file = new OutputFile(path, false);
  failToLink('EIO');
  spyOnBuiltin(fs, 'mkdirSync').mockImplementationOnce(() => {
    throw new Error('ENOSPC');
  });
  const print = vi.fn();
  expect(() => file.write('text', print)).toThrow(
    /x\.json: the profile can't be written \(EIO\): nor can a temporary file: the recording is above$/,
  );
  expect(print.mock.calls).toEqual([['text']]);
  file.discard();
  expect(readdirSync(directory)).toEqual([]);
});

test('that exists keeps its content until it is overwritten, without a draft', () => {
  writeFileSync(path, 'before');
  const file = new OutputFile(path, true);
  expect([file.exists, readdirSync(directory), readFileSync(path, 'utf8')]).toEqual([true, ['x.json'], 'before']);
  file.write('text', () => {});
  expect(readFileSync(path, 'utf8')).toBe('text');
  expect(() => new OutputFile(path, false)).toThrow(
    `${path} exists: add to it with --merge, or remove it to start over`,
  );
});
