/** What docs/guides/ci.md shows: the suite in examples/profile-tests/, and the workflow for GitHub Actions. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { seccomp } from '../support/command-line.js';
import { installPackage } from '../support/installed.js';
import { packageRoot } from '../support/scripts.js';

const examples = join(packageRoot, 'examples');
const { folder, remove } = installPackage(join(examples, 'profile-tests'), ['vitest']);
afterAll(remove);
const VITEST = [process.execPath, join(packageRoot, 'node_modules/vitest/vitest.mjs'), 'run', '--testTimeout=180000'];
const SECCOMP = [process.execPath, join(folder, 'node_modules/seccomp/dist/cli/main.js')];

function runIn(cwd: string, [file = '', ...args]: readonly string[]) {
  // Without the variables by which Vitest takes itself for a worker.
  const environment = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV)/.test(name));
  const env = { ...Object.fromEntries(environment), NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(file, args, { cwd, encoding: 'utf8', env });
  return { status, output: stdout + stderr };
}

test('the suite passes, and fails for a profile that allows sockets, naming the call', () => {
  const profile = readFileSync(join(folder, 'profile.json'), 'utf8');
  writeFileSync(join(folder, 'weak.json'), profile.replace('"socket", ', ''));
  const suite = readFileSync(join(folder, 'profile.test.ts'), 'utf8');
  writeFileSync(join(folder, 'weak.test.ts'), suite.replace('./profile.json', './weak.json'));
  const { status, output } = runIn(folder, [...VITEST, 'profile.test.ts', 'weak.test.ts', '--exclude=packed']);
  expect(output).toContain('✓ profile.test.ts (3 tests)');
  expect(output).toContain('weak.test.ts (3 tests | 2 failed)');
  expect(output).toContain('socket is allowed; should be denied with EACCES');
  expect(output).toContain('Tests  2 failed | 4 passed (6)');
  expect(status).toBe(1);
});

interface Step {
  readonly run?: string;
}

const workflow = readFileSync(join(examples, 'github-actions.yml'), 'utf8');
const { jobs } = parse(workflow) as { readonly jobs: { readonly test: { readonly steps: readonly Step[] } } };
const commands = jobs.test.steps.flatMap(({ run }) => run?.split('\n') ?? []).filter((line) => line.startsWith('npx'));

test.each(commands.filter((command) => command.includes('seccomp')))('the step `%s` succeeds', (command) => {
  writeFileSync(join(folder, 'package.json'), '{}');
  const [, ...args] = command.split(' ').slice(1);
  const { status, output } = runIn(folder, [...SECCOMP, ...args]);
  expect(status, output).toBe(0);
});

test('the problem matcher finds file, position, severity and message in what `seccomp check` prints', async () => {
  const guide = readFileSync(join(packageRoot, 'docs/guides/ci.md'), 'utf8');
  const json = /^```json \.github\/seccomp-check\.json\n(.*?)^```$/ms.exec(guide)?.[1] ?? expect.fail('no matcher');
  const { regexp, ...groups } = JSON.parse(json).problemMatcher[0].pattern[0] as Record<string, number> & {
    readonly regexp: string;
  };
  writeFileSync(join(folder, 'wrong.json'), '{\n  "defaultAction": "SCMP_ACT_ALOW"\n}\n');
  process.chdir(folder);
  const { stdout } = await seccomp('check', 'wrong.json');
  process.chdir(packageRoot);
  const found = new RegExp(regexp).exec(stdout.split('\n')[0] ?? '') ?? expect.fail(stdout);
  const named = Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, found[group]]));
  expect(named).toEqual({
    ...{ severity: 'error', file: 'wrong.json', line: '2', column: '3' },
    message: expect.stringContaining('SCMP_ACT_ALOW'),
  });
});
