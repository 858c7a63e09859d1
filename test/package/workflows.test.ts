/** The workflows of GitHub: their actions are pinned, and only the release may publish. actionlint checks the rest. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../support/scripts.js';

const folder = join(packageRoot, '.github/workflows');
const workflows = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

test.each([...workflows])('%s names each action by its commit', (_, text) => {
  const actions = [...text.matchAll(/\buses: (.+)/g)].map(([, action = '']) => action);
  expect(actions.length).toBeGreaterThan(2);
  expect(actions.filter((action) => !/^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
});

test('no workflow may write, but that the release has an ID token', () => {
  const granted = [...workflows].flatMap(([name, text]) =>
    [...text.matchAll(/^ *([\w-]+: write(?:-all)?)$/gm)].map(([, right = '']) => [name, right]),
  );
  expect(granted).toEqual([['release.yml', 'id-token: write']]);
  for (const [name, text] of workflows) expect(text, name).toMatch(/^permissions:/m);
});

test('the tests run on the oldest Node that package.json allows, and on both architectures', () => {
  const { engines } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  const [, oldest] = /node: \[["']([\d.]+)["']/.exec(workflows.get('ci.yml') ?? '') ?? [];
  expect(`>=${oldest}`).toBe(`${engines.node}.0`);
  expect(workflows.get('ci.yml')).toContain('os: [ubuntu-24.04, ubuntu-24.04-arm]');
});
