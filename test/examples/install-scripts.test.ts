/**
 * Install scripts without network, as docs/guides/install-scripts.md and examples/install-shell.mjs have it, with this Node's
 * npm. test/slow/examples/install-scripts.test.ts does more with each package manager.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { folder, guide, makeProject, preparePackages, reportIn, reportOf, run } from '../support/install-scripts.js';

preparePackages();

let project: string;
beforeAll(() => {
  project = makeProject('npm');
  run(project, ['npm', 'install', '--ignore-scripts'], { NPM_TOKEN: 'secret' });
  expect(existsSync(reportIn(project))).toBe(false);
});

/** What the script reports when this command has run it. */
function reportAfter(command: readonly string[], env: Readonly<Record<string, string>> = {}): unknown {
  rmSync(reportIn(project), { force: true });
  run(project, command, env);
  return reportOf(project);
}

test('scripts have no network and no token under install-shell.mjs', () => {
  const env = { NPM_TOKEN: 'secret', npm_config_script_shell: join(project, 'install-shell.mjs') };
  expect(reportAfter(['npm', 'rebuild'], env)).toEqual({ network: 'EACCES' });
});

test('without either, a script has both', () => {
  const report = { network: 'ECONNREFUSED', token: 'secret' };
  expect(reportAfter(['npm', 'rebuild'], { NPM_TOKEN: 'secret' })).toEqual(report);
});

test('in a second command under paths, scripts have no network, and write in the project only', ({ skip }) => {
  const { reason } = pathsSupport();
  if (reason !== null) skip(reason);
  const [command = ''] = /^npx seccomp run .*--read .*$/m.exec(guide) ?? [];
  appendFileSync(
    join(project, 'node_modules/curious/report.cjs'),
    "try { writeFileSync(process.env.OUTSIDE, ''); } catch ({ code }) { writeFileSync('outside.json', JSON.stringify(code)); }\n",
  );
  expect(reportAfter(['bash', '-c', command], { OUTSIDE: join(folder, 'outside') })).toEqual({ network: 'EACCES' });
  const outside = readFileSync(join(project, 'node_modules/curious/outside.json'), 'utf8');
  expect(outside).toBe('"EACCES"');
});
