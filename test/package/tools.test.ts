/** The tools of scripts/package-matrix/run.mjs: nothing runs whose content is not pinned. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { CPUS, lockNameOf, manifestOf, type Tool, toolsFor } from '../../scripts/package-matrix/tools.mjs';
import { packageRoot } from '../support/root.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-tools-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('musl-node.sh uses no other program than the one whose SHA-512 it has', () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'npm'), '#!/bin/sh\necho other >pnpm.tgz\n', { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}`, LC_ALL: 'C' };
  const target = join(folder, 'node');
  const { status, stdout, stderr } = spawnSync(join(packageRoot, 'scripts/package-matrix/musl-node.sh'), [target], {
    cwd: packageRoot,
    env,
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: './pnpm.tgz: FAILED\n',
    stderr: 'sha512sum: WARNING: 1 computed checksum did NOT match\n',
  });
  expect(existsSync(target)).toBe(false);
});

interface Entry {
  readonly version: string;
  readonly integrity?: string;
  readonly inBundle?: boolean;
}

const tools: readonly Tool[] = CPUS.flatMap((cpu) => Object.values(toolsFor(cpu)));
const file = join(packageRoot, 'scripts/package-matrix/tools-lock.json');
const locks: Readonly<Record<string, Readonly<Record<string, Entry>>>> = JSON.parse(readFileSync(file, 'utf8'));

test('each tool is locked at its version, and no other is', () => {
  expect(Object.keys(locks).sort()).toEqual([...new Set(tools.map(lockNameOf))].sort());
  for (const tool of tools) {
    const lock = locks[lockNameOf(tool)] ?? {};
    for (const [name, version] of Object.entries(manifestOf(tool).dependencies))
      expect({ name, version: lock[`node_modules/${name}`]?.version }).toEqual({ name, version });
  }
});

test('the locks have the SHA-512 of all that is fetched', () => {
  const fetched = Object.values(locks).flatMap((lock) => Object.values(lock).filter(({ inBundle }) => !inBundle));
  expect(fetched.length).toBeGreaterThan(tools.length / 2);
  const isPinned = ({ integrity = '' }: Entry) => /^sha512-[\w+/]{86}==$/.test(integrity);
  expect(fetched.filter((entry) => !isPinned(entry))).toEqual([]);
});

test('a tool is installed only if it has the SHA-512 of its lock', () => {
  const cache = join(folder, 'cache');
  const packed = join(folder, 'package');
  const tarball = join(folder, 'yarn.tgz');
  const [tool] = tools.filter(({ packages }) => packages[0]?.startsWith('yarn@'));
  if (tool === undefined) throw new Error('no Yarn');
  mkdirSync(packed);
  writeFileSync(join(packed, 'package.json'), JSON.stringify({ name: 'yarn', version: tool.version }));
  execFileSync('tar', ['-czf', tarball, '-C', folder, 'package']);

  const install = (sha512: string) => {
    const entry = { version: tool.version, resolved: `file:${tarball}`, integrity: `sha512-${sha512}` };
    const lock = join(folder, 'lock.json');
    writeFileSync(lock, JSON.stringify({ [lockNameOf(tool)]: { 'node_modules/yarn': entry } }));
    const module = pathToFileURL(join(packageRoot, 'scripts/package-matrix/tools.mjs'));
    const code = `import('${module}').then(({ modulesOf }) => console.log(modulesOf('yarn 1', ${JSON.stringify(lock)})))`;
    const env = { ...process.env, SECCOMP_MATRIX_CACHE: cache, npm_config_cache: join(folder, 'npm') };
    return spawnSync(process.execPath, ['--eval', code], { env, encoding: 'utf8' });
  };
  const digest = (content: Buffer | string) => createHash('sha512').update(content).digest('base64');
  const modules = join(cache, `yarn@${tool.version}`, 'node_modules');

  expect(install(digest('another')).stderr).toMatch(/^npm (error|ERR!) code EINTEGRITY$/m);
  expect(existsSync(modules)).toBe(false);
  expect(install(digest(readFileSync(tarball)))).toMatchObject({ status: 0, stdout: `${modules}\n`, stderr: '' });
  expect(existsSync(join(modules, 'yarn/package.json'))).toBe(true);
});
