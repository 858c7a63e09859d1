/** Sandbox: its additions to Node's functions. test/compat/ compares the functions with Node's. */
import type * as child_process from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';

const noChdir: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['chdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
};
const changesDirectory = 'cd / 2>/dev/null && echo changed || echo denied';
const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
const triesToChange = join(directory, 'module.cjs');
writeFileSync(
  triesToChange,
  "try { process.chdir('/'); process.send('changed'); } catch ({ code }) { process.send(code); } process.disconnect();",
);

describe('every function applies the profile', () => {
  const sandbox = new Sandbox(noChdir);

  test('spawnSync, execFileSync, execSync', () => {
    expect(sandbox.spawnSync('sh', ['-c', changesDirectory]).stdout.toString()).toBe('denied\n');
    expect(sandbox.execFileSync('sh', ['-c', changesDirectory], { encoding: 'utf8' })).toBe('denied\n');
    expect(sandbox.execSync(changesDirectory, { encoding: 'utf8' })).toBe('denied\n');
  });

  test('execFile, exec', async () => {
    expect((await promisify(sandbox.execFile)('sh', ['-c', changesDirectory])).stdout).toBe('denied\n');
    expect((await promisify(sandbox.exec)(changesDirectory)).stdout).toBe('denied\n');
  });

  test('spawn', async () => {
    const child = sandbox.spawn('sh', ['-c', changesDirectory]);
    expect(await child.stdout.setEncoding('utf8').toArray()).toEqual(['denied\n']);
  });

  test('fork', async () => {
    const child = sandbox.fork(triesToChange);
    expect(await once(child, 'message')).toEqual(['EACCES', undefined]);
  });
});

test('the functions work without their object, and have Node’s types', () => {
  const { spawnSync, execSync }: Pick<typeof child_process, 'spawnSync' | 'execSync'> = new Sandbox('docker-default');
  expect(execSync('echo a').toString()).toBe('a\n');
  expect(spawnSync('echo', ['a'], { encoding: 'utf8' }).stdout).toBe('a\n');
});

describe('the profile', () => {
  test.each<[string, unknown, string]>([
    ['of an unknown name', 'docker-defaults', 'ERR_SECCOMP_BUILTIN'],
    ['that is not valid', { defaultAction: 'SCMP_ACT_ALOW' }, 'ERR_SECCOMP_PROFILE'],
    ['that is missing', undefined, 'ERR_INVALID_ARG_TYPE'],
    ['of an empty list', [], 'ERR_INVALID_ARG_VALUE'],
  ])('%s is refused by the constructor', (_, profile, code) => {
    expect(() => new Sandbox(profile as ProfileDocument)).toThrowError(expect.objectContaining({ code }));
  });

  test('of a file is read once', () => {
    const file = join(directory, 'profile.json');
    writeFileSync(file, JSON.stringify(noChdir));
    const sandbox = new Sandbox(file);
    writeFileSync(file, 'no profile any more');
    expect(sandbox.execSync(changesDirectory, { encoding: 'utf8' })).toBe('denied\n');
  });

  test('of an object is copied', () => {
    const document = structuredClone(noChdir) as { defaultAction: string; syscalls?: unknown };
    const sandbox = new Sandbox(document as ProfileDocument);
    delete document.syscalls;
    expect(sandbox.execSync(changesDirectory, { encoding: 'utf8' })).toBe('denied\n');
  });

  test('may be a list, of which the strictest action is taken', () => {
    const sandbox = new Sandbox([noChdir, 'docker-default', 'unconfined']);
    expect(sandbox.execSync(`${changesDirectory}; unshare -U true 2>&1`.concat(' || :'), { encoding: 'utf8' })).toMatch(
      /^denied\nunshare: .*not permitted/,
    );
  });
});

describe('defaults', () => {
  const sandbox = new Sandbox('docker-default', {
    cwd: '/',
    env: { A: 'default' },
    encoding: 'utf8',
    shell: '/bin/bash',
  });

  test('apply to functions that take them', () => {
    expect(sandbox.execSync('echo $PWD $A $BASH')).toBe('/ default /bin/bash\n');
    expect(sandbox.spawnSync('echo $PWD $A $BASH').stdout).toBe('/ default /bin/bash\n');
  });

  test('are overridden by the options of a call, unless these are undefined', () => {
    expect(sandbox.execSync('echo $PWD $A', { cwd: '/usr', env: undefined })).toBe('/usr default\n');
  });

  test('of this package apply, and can be given for each call', () => {
    const limited = new Sandbox('docker-default', { rlimits: { nofile: 60 }, encoding: 'utf8' });
    expect(limited.execSync('ulimit -n')).toBe('60\n');
    expect(limited.execSync('ulimit -n', { rlimits: { nofile: 50 } } as object)).toBe('50\n');
    expect(limited.spawnSync('sh', ['-c', 'ulimit -n']).stdout).toBe('60\n');
  });

  test('that no function knows are refused, by the constructor and by each call', () => {
    const refused = expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringMatching(/cdw/) });
    expect(() => new Sandbox('unconfined', { cdw: '/' } as object)).toThrowError(refused);
    expect(() => new Sandbox('unconfined').execFile('true', { cdw: '/' } as object)).toThrowError(refused);
  });

  test('that no function knows are left out of a call with allowUnknownOptions', async () => {
    const { execFileSync, fork, spawn, spawnSync } = new Sandbox(noChdir, { allowUnknownOptions: true });
    const options = { encoding: 'utf8', preferLocal: true } as const;
    expect(execFileSync('sh', ['-c', changesDirectory], options)).toBe('denied\n');
    expect(spawnSync('sh', ['-c', changesDirectory], options).stdout).toBe('denied\n');
    expect(
      await spawn('echo', ['a'], { preferLocal: true } as object)
        .stdout.setEncoding('utf8')
        .toArray(),
    ).toEqual(['a\n']);
    expect(await once(fork(triesToChange, { preferLocal: true } as object), 'message')).toEqual(['EACCES', undefined]);
  });

  test('that are known stay errors with allowUnknownOptions, and so do unknown defaults', () => {
    const refused = expect.objectContaining({ code: 'ERR_SECCOMP_OPTION' });
    const { exec, spawn } = new Sandbox(noChdir, { allowUnknownOptions: true });
    expect(() => spawn('true', { threads: 'all' } as object)).toThrowError(refused);
    expect(() => spawn('true', { allowUnknownOptions: true } as object)).toThrowError(refused);
    expect(() => exec('true', { profile: 'unconfined' } as object)).toThrowError(refused);
    expect(() => new Sandbox(noChdir, { allowUnknownOptions: true, cdw: '/' } as object)).toThrowError(refused);
  });

  test('apply to fork, if it takes them', async () => {
    const { fork } = new Sandbox(noChdir, { cwd: '/usr', shell: true, encoding: 'utf8', stdio: 'ignore', env: {} });
    expect(await once(fork(triesToChange, { execPath: process.execPath }), 'message')).toEqual(['EACCES', undefined]);
  });

  test('are copied', () => {
    const defaults = { cwd: '/usr' };
    const { execSync } = new Sandbox('unconfined', defaults);
    defaults.cwd = '/';
    expect(execSync('pwd').toString()).toBe('/usr\n');
  });
});
