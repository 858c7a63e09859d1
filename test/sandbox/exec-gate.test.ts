/** The exec gate: a profile that denies execve still starts its program, and nothing but that. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { profileOf } from '../../lib/profile/source.js';
import { compile } from '../../lib/sandbox/compile.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { dist } from '../support/built.js';
import { compileC } from '../support/compile-c.js';
import { plannedFilters } from '../support/plans.js';
import { run } from '../support/processes.js';
import { except } from '../support/profiles.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
afterAll(() => rmSync(directory, { recursive: true }));
const noExec = except('SCMP_ACT_ERRNO', 'execve', 'execveat');

describe('a profile that denies execve', () => {
  test('starts its program, and denies a second execve', async () => {
    const result = await run('sh', ['-c', 'echo started; /bin/true'], noExec);
    expect(result).toMatchObject({
      stdout: 'started\n',
      code: 126,
      stderr: expect.stringContaining('Operation not permitted'),
    });
  });

  test('starts a program that is not in the first directories of PATH', async () => {
    const env = { PATH: `/nowhere:/etc/passwd:/etc:${process.env['PATH']}` };
    expect(await run('echo', ['found'], noExec, { env })).toMatchObject({ stdout: 'found\n', code: 0 });
  });

  test('starts scripts, with and without an interpreter line', async () => {
    expect(await run('/bin/sh', ['-c', 'echo $0', 'x'], noExec)).toMatchObject({ stdout: 'x\n' });
    // ldd is a script of Debian's with a first line.
    expect(await run('ldd', ['--version'], except('SCMP_ACT_KILL_PROCESS', 'execve'))).toMatchObject({
      signal: null,
      code: 0,
    });
  });

  test('by killing starts its program', async () => {
    const killed = await run('sh', ['-c', 'echo started; /bin/true'], except('SCMP_ACT_KILL_PROCESS', 'execve'));
    expect(killed).toMatchObject({ stdout: 'started\n', code: 128 + 31 });
  });

  test('for some arguments only starts its program too', async () => {
    const args = [{ index: 2, value: 0, op: 'SCMP_CMP_NE' as const }];
    const profile: ProfileDocument = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['execve'], action: 'SCMP_ACT_ERRNO', args }],
    };
    expect(await run('sh', ['-c', 'echo started; /bin/true'], profile)).toMatchObject({
      stdout: 'started\n',
      code: 126,
    });
  });

  test('and all other calls but write lets a static program without libc run', async () => {
    const profile: ProfileDocument = {
      defaultAction: 'SCMP_ACT_KILL_PROCESS',
      syscalls: [{ names: ['read', 'write', 'exit'], action: 'SCMP_ACT_ALLOW' }],
    };
    const program = compileC('entry.c', [
      '-static',
      '-nostdlib',
      '-ffreestanding',
      '-fno-pic',
      '-no-pie',
      '-fno-stack-protector',
    ]);
    const child = spawn(program, [], profile);
    child.stdin?.end();
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(output).toBe('ready\n');
  });
});

describe('a program that can’t be started is reported, not killed', () => {
  test.each([
    ['denies execve and exit_group', except('SCMP_ACT_ERRNO', 'execve', 'exit_group')],
    ['kills for execve and exit_group', except('SCMP_ACT_KILL_PROCESS', 'execve', 'exit_group', 'exit')],
    ['kills for everything', { defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [] } satisfies ProfileDocument],
  ])('under a profile that %s', async (_, profile) => {
    const child = spawn('surely-not-there', [], profile);
    const [error] = await once(child, 'error').catch((reason: unknown) => [reason]);
    expect(error).toMatchObject({ code: 'ENOENT', call: 'execve' });
  });
});

test('a profile and a filter are compiled once for the same options, and again for others', () => {
  const profile = profileOf(noExec);
  for (const source of [profile, compile(profile)]) {
    const [filter] = plannedFilters(source);
    expect(plannedFilters(source)[0]).toBe(filter);
    expect(plannedFilters(source, {}, 'execve')[0]).not.toBe(filter);
  }
  expect(plannedFilters(profile, { abis: ['x86'] })[0]).not.toBe(plannedFilters(profile)[0]);
});

test('a profile that allows execve gets no gate', () => {
  expect(plannedFilters('docker-default')[0]?.gate).toEqual([]);
});

describe('the gate’s value', () => {
  const program = () =>
    compileC('entry.c', ['-static', '-nostdlib', '-ffreestanding', '-fno-pic', '-no-pie', '-fno-stack-protector']);

  /** Starts a program that keeps its registers at entry, and looks for the value in it and in this process. */
  async function look(): Promise<string> {
    const profile = profileOf(noExec);
    const gate = plannedFilters(profile)[0]?.gate ?? [];
    const sites = [0, 1, 2, 3, 4, 5].map((half) => String(gate.find((site) => site.half === half)?.instruction));
    const child = spawn(program(), ['an argument'], profile);
    try {
      await once(child.stdout ?? child, 'data');
      return execFileSync(compileC('gate-search.c'), [String(child.pid), String(process.pid), ...sites], {
        encoding: 'utf8',
      });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  }

  test('is not in the new program (environment, auxiliary vector, stack, registers at entry), is not left in this process, and differs each time', async ({
    skip,
  }) => {
    const first = await look();
    const second = await look();
    if (first.startsWith('unsupported'))
      skip(`reading a filter back needs CAP_SYS_ADMIN, no filter on oneself, and checkpoint support: ${first}`);
    const found = /^child (\d+) parent (\d+) self (\d+) digest (\w+)\n$/;
    const [, inChild, inParent, inSearcher, digest] = found.exec(first) ?? [];
    expect({ inChild, inParent }, first).toEqual({ inChild: '0', inParent: '0' });
    expect(Number(inSearcher), 'the search finds what is there').toBeGreaterThan(2);
    expect(found.exec(second)?.[4]).not.toBe(digest);
  });

  test('is not left in this process by failed starts, by a failed execve, or by harden', ({ skip }) => {
    const addon = fileURLToPath(new URL('../../build/Release/seccomp.node', import.meta.url));
    const script = fileURLToPath(new URL('gate-left.mjs', import.meta.url));
    const args = [process.execPath, script, dist, addon, directory];
    const told = execFileSync(compileC('gate-left.c'), args, { encoding: 'utf8' });
    if (told.startsWith('unsupported')) skip(`ptrace is denied: ${told}`);
    const lines = told.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/: drawn 1 at-draw ([3-9]|[1-9]\d+) left 0$/);
    expect(lines.map((line) => line.split(': ')[0])).toEqual([
      'spawn, ENOENT',
      'spawn, EACCES',
      'spawn, ENOEXEC',
      'spawnSync, ENOENT',
      'execve, ENOENT',
      'filters on this process',
    ]);
  });
});
