/**
 * No output is lost: for every kind of descriptors 0 to 2, a program under a profile writes byte for byte the same as
 * without one, and ends with the same exit code. test/slow has more combinations.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../support/scripts.js';
import { environment, file, node, PROFILE, testOutputs } from './output/table.js';

describe('a program writes the same output under a profile as without', () => {
  testOutputs('sample');
});

describe('descriptors above 2 are passed unchanged', () => {
  test.each([
    ['register', [node, '--import', 'seccomp/register', file('descriptors.mjs')]],
    ['fork', [node, file('forker.mjs'), PROFILE]],
  ])('under %s', (way, command) => {
    const options = { encoding: 'utf8', cwd: packageRoot, env: environment } as const;
    const { stdout, stderr } = spawnSync('python3', [file('descriptors.py'), ...command], options);
    const lines = stdout.trimEnd().split('\n');
    const given = lines.slice(0, lines.length / 2);
    const moved = given.map((line) => (way === 'fork' ? line.replace(/^\d+/, (fd) => String(Number(fd) + 1)) : line));
    expect(stderr).toBe('');
    expect(given).toHaveLength(18);
    expect(lines).toEqual([...given, ...moved]);
  });
});
