/** harden() with paths: Linux 7.0 can restrict all threads of a process that runs already. */
import { describe, expect, test } from 'vitest';
import { PATIENCE_MS, USER } from './guest.js';
import { kernelOf } from './machines.js';
import { NODE_MACHINES, obstacleToScripts, runScripts } from './scripts.js';

/** What harden.mjs prints. */
interface Report {
  readonly message?: string;
  readonly by?: string;
  readonly main: string;
  readonly pool: readonly string[];
  readonly worker: string;
  readonly granted: string;
}

/** The Landlock ABI with LANDLOCK_RESTRICT_SELF_TSYNC. */
const ALL_THREADS = 8;

describe.each(NODE_MACHINES)('harden with paths on $name', (machine) => {
  const obstacle = obstacleToScripts(machine);
  test('restricts every thread, or says why it cannot', { timeout: PATIENCE_MS }, async ({ skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    const script = { script: new URL('harden.mjs', import.meta.url), args: [] };
    const reports = await runScripts<Report>(machine, [script, { ...script, user: USER }], {});
    const all = (code: string) => ({ main: code, pool: Array.from({ length: 8 }, () => code), worker: code });
    const restricted = { by: 'landlock', ...all('EACCES'), granted: 'read' };
    const reason = machine.landlock === 0 ? /has no Landlock/ : /only with Landlock ABI 8, Linux 7\.0 or newer/;
    const refused = { message: expect.stringMatching(reason), ...all('read'), granted: 'read' };
    const expected = machine.landlock >= ALL_THREADS ? restricted : refused;
    expect(reports, kernelOf(machine).release).toEqual([expected, expected]);
  });
});
