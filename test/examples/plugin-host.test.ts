/** examples/plugin-host.mjs: gives a plugin the listed files, and nothing else. */
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeProject } from '../support/project.js';
import { packageRoot } from '../support/scripts.js';

const FILES = ['plugin-host.mjs', 'plugin-runner.mjs', 'plugin-sample.mjs'].map((name) => `examples/${name}`);

const withoutCertificates = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };

test('gives the plugin the listed file; the kernel denies it files, programs and connections', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/plugin-host.mjs'], {
    cwd: packageRoot,
    encoding: 'utf8',
    env: withoutCertificates,
  });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toBe(`{
  license: 'MIT License',
  secrets: 'not available to plugins',
  file: 'EPERM',
  program: 'EPERM',
  network: 'EPERM'
}
`);
});

test('survives a plugin that sends unexpected messages and closes its channel', () => {
  const project = makeProject([...FILES, 'LICENSE']);
  onTestFinished(project.remove);
  cpSync(join(import.meta.dirname, 'hostile-plugin.mjs'), join(project.path, 'examples/plugin-sample.mjs'));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/plugin-host.mjs'], {
    cwd: project.path,
    encoding: 'utf8',
    env: withoutCertificates,
  });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toBe('not available to plugins\n'.repeat(7));
});
