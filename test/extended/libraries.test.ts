/** Libraries from npm that start processes or threads: zx, tinypool, jest-worker and Piscina, installed for this test. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statusOf } from '../support/processes.js';
import { packageRoot } from '../support/scripts.js';

const LIBRARIES = { 'jest-worker': '30.5.1', piscina: '5.3.2', tinypool: '2.2.0', zx: '8.8.5' };

const folder = mkdtempSync(join(tmpdir(), 'seccomp-libraries-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: LIBRARIES }));
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund'], { cwd: folder });
  symlinkSync(packageRoot, join(folder, 'node_modules', 'seccomp'));
  cpSync(fileURLToPath(new URL('libraries', import.meta.url)), folder, { recursive: true });
});

/** Runs a fixture, and reads the JSON text that it prints. */
function outputOf(fixture: string, env: Readonly<Record<string, string>> = {}): unknown {
  const options = { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } } as const;
  return JSON.parse(execFileSync(process.execPath, [fixture], options));
}

describe('processes that are started with seccomp/register have its filter:', () => {
  const filtersHere = Number(statusOf('self').get('Seccomp_filters') ?? 0);
  const answer = {
    filters: filtersHere + 2, // The pool's owner has denied io_uring_setup.
    unshare: expect.stringContaining('Operation not permitted'),
    isOwnProcess: true,
  };

  test.each(['tinypool.mjs', 'jest-worker.mjs'])('%s', (fixture) => {
    expect(outputOf(fixture, { SECCOMP_PROFILE: 'docker-default' })).toEqual(Array(3).fill(answer));
  });
});

test('threads of Piscina’s pool get the filter of harden(), whether they started before or after', () => {
  expect(outputOf('piscina.mjs')).toEqual({ before: [-2, -2], after: Array(4).fill(-77) });
});

test('zx runs its commands under the profile of a Sandbox', () => {
  expect(outputOf('zx.mjs')).toEqual({
    plain: 'changed\n',
    confined: 'denied\n',
    synchronous: 'denied\n',
    piped: 'b\n',
    withInput: 'typed',
    exitCode: 3,
    unknown: { exitCode: 127, signal: null },
    timedOut: { exitCode: null, signal: 'SIGTERM' },
    killed: { exitCode: null, signal: 'SIGKILL' },
  });
});
