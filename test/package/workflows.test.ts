/** The workflows of GitHub: their actions are pinned, and only the release may publish, what CI has checked. actionlint checks the rest. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../support/root.js';

const folder = join(packageRoot, '.github/workflows');
const workflows = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

test.each([...workflows])('%s names each action by its commit', (_, text) => {
  const actions = [...text.matchAll(/\buses: (.+)/g)].map(([, action = '']) => action);
  expect(actions.length).toBeGreaterThan(2);
  const others = actions.filter((action) => action !== './.github/workflows/ci.yml');
  expect(others.filter((action) => !/^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
});

/** Returns the text of a job. */
function jobOf(workflow: string, name: string): string {
  const [, jobs = ''] = (workflows.get(workflow) ?? '').split(/^jobs:\n/m);
  const job = jobs.split(/^(?= {2}[\w-]+:\n)/m).find((text) => text.startsWith(`  ${name}:\n`));
  if (job === undefined) throw new Error(`${workflow} has no job ${name}`);
  return job;
}

/** Returns the commands of a job, each of which has one line. */
function commandsOf(job: string): readonly string[] {
  expect(job).not.toMatch(/\brun: [|>]/);
  return [...job.matchAll(/\brun: (.+)/g)].map(([, command = '']) => command);
}

test('no workflow may write, but that the release has an ID token', () => {
  const granted = [...workflows].flatMap(([name, text]) =>
    [...text.matchAll(/^ *([\w-]+: write(?:-all)?)$/gm)].map(([, right = '']) => [name, right]),
  );
  expect(granted).toEqual([['release.yml', 'id-token: write']]);
  for (const [name, text] of workflows) expect(text, name).toMatch(/^permissions:/m);
});

test('only the job that publishes has the ID token, and it runs nothing but npm publish', () => {
  const publish = jobOf('release.yml', 'publish');
  expect(publish).toMatch(/^ {4}permissions:\n {6}id-token: write\n(?! {6})/m);
  expect(publish).toMatch(/^ {4}environment: npm$/m);
  expect([...publish.matchAll(/uses: (actions\/[\w-]+)/g)].map(([, action]) => action)).toEqual([
    'actions/setup-node',
    'actions/download-artifact',
  ]);
  expect(commandsOf(publish)).toEqual([
    expect.stringMatching(/^echo .* \| sha512sum --check --strict$/),
    expect.stringMatching(/^npm publish "\.\/\$TARBALL" --provenance .*--ignore-scripts$/),
  ]);
});

test('a release is published after all jobs of CI have passed on its commit', () => {
  expect(jobOf('release.yml', 'build')).toBe(`  build:
    uses: ./.github/workflows/ci.yml
    permissions:
      contents: read

  # The only job with an ID token. It installs no package and runs no code of the repository: nothing but npm can use the token.
`);
  expect(jobOf('release.yml', 'publish')).toMatch(/^ {4}needs: build$/m);
  expect(workflows.get('ci.yml')).toMatch(/^ {2}workflow_call:$/m);
  const [release] = commandsOf(jobOf('ci.yml', 'package')).filter((command) => command.includes('release'));
  expect(release).toMatch(/^npm run --silent release -- \$\{\{ github\.ref_type != 'tag' && '--dry-run' \|\| '' \}\}$/);
  expect(jobOf('ci.yml', 'installed')).toMatch(/^ {4}needs: package$[\s\S]*run: npm run --silent test:package$/m);
});

describe('the commands that publish', () => {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-publish-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const tarball = 'seccomp-1.2.0.tgz';
  const sha512 = createHash('sha512').update('built').digest('hex');
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'bin/npm'), '#!/bin/sh\necho npm "$@"\n', { mode: 0o755 });

  /** Runs them as GitHub does, with an artifact of this content. */
  function publish(content: string) {
    writeFileSync(join(directory, tarball), content);
    const script = commandsOf(jobOf('release.yml', 'publish')).join('\n');
    const PATH = `${join(directory, 'bin')}${delimiter}${process.env['PATH']}`;
    const env = { PATH, TARBALL: tarball, SHA512: sha512, DIST_TAG: 'next' };
    return spawnSync('bash', ['-e', '-c', script], { cwd: directory, env, encoding: 'utf8' });
  }

  test('publish the tarball that was built', () => {
    expect(publish('built').stdout).toBe(
      `${tarball}: OK\nnpm publish ./${tarball} --provenance --access public --tag next --ignore-scripts\n`,
    );
  });

  test('publish no other', () => {
    const { status, stdout } = publish('replaced');
    expect({ status, stdout }).toEqual({ status: 1, stdout: `${tarball}: FAILED\n` });
  });
});

test('the tests run on the oldest Node that package.json allows, and on both architectures', () => {
  const { engines } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  const [, oldest] = /node: \[["']([\d.]+)["']/.exec(workflows.get('ci.yml') ?? '') ?? [];
  expect(`>=${oldest}`).toBe(`${engines.node}.0`);
  expect(workflows.get('ci.yml')).toContain('os: [ubuntu-24.04, ubuntu-24.04-arm]');
});
