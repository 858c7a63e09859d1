/**
 * The support that is found here is what the kernel says to a program of its own. Other tests are skipped where the package finds no
 * support, so they would not notice that it finds too little.
 */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { obstacleTo } from '../support/commands.js';

/** landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION), whose number is the same on all CPUs. */
const VERSION = 'print syscall(444, 0, 0, 1)';

test('paths and isolation are supported as the version of Landlock says', ({ skip }) => {
  const obstacle = obstacleTo('perl');
  skip(obstacle !== undefined, obstacle);
  const version = Number(execFileSync('perl', ['-e', VERSION], { encoding: 'utf8' }));
  const hasLandlock = version > 0;
  expect([pathsSupport(true).abi, pathsSupport().reason === null]).toEqual([hasLandlock ? version : null, hasLandlock]);
  const domain = version >= 2 ? 'domain' : null;
  expect(isolationSupport(true).by).toBe(version >= 6 ? 'scopes' : domain);
});
