/** What scenario.mjs prints, and what is expected of it. */
import { expect } from 'vitest';
import type { LimitsEnforcement } from '../../../lib/landlock/enforcement.js';
import type { DelegatedCgroup } from '../../../lib/process-tree/delegate-cgroup.js';
import type { LimitReason } from '../../../lib/process-tree/limit-reason.js';

/** How a program ended. */
interface Ended {
  readonly stdout?: string;
  readonly limit?: LimitReason | null;
  readonly signal?: string | null;
  readonly exitCode?: number | null;
  readonly enforcement?: LimitsEnforcement;
  readonly code?: string;
  readonly message?: string;
}

/** What programs with limits did, which could not leave their cgroup in one of two ways. */
interface Usage {
  readonly within: Ended;
  readonly hog: Ended;
  readonly bomb: Ended;
  readonly left: { readonly before: boolean; readonly after: boolean };
  readonly spin: Ended;
  readonly sync: Ended;
  readonly starting: Ended;
  readonly startingLeft: Ended;
  readonly closed: Ended;
  readonly leaving: Ended & { readonly isRight: boolean };
}

interface Placed {
  readonly before: Ended;
  readonly delegated?: DelegatedCgroup;
  readonly again?: DelegatedCgroup;
  readonly unprotected: Ended;
  readonly granted: Ended;
}

/** The output of scenario.mjs. */
export interface Scenario extends Placed {
  readonly results: { readonly paths?: Usage; readonly uid?: Usage };
  readonly left: readonly string[];
  /** The cgroups of a process that was killed, and those of them that exist after a later process has started a child. */
  readonly abandoned?: readonly string[];
  readonly swept?: readonly string[];
}

/** How the script's process was placed; `container` is alone in the topmost cgroup that it can see. */
export type Placing = 'root' | 'alone' | 'user' | 'container';

const EACCES = 13;

/** Expects that a process gets a place for cgroups by delegateCgroup(), once, where it has none without. */
export function expectPlaced({ before, delegated, again, unprotected, granted }: Placed, placing: Placing): void {
  if (placing === 'user' || placing === 'container') {
    expect(before).toMatchObject({
      code: 'ERR_SECCOMP_UNSUPPORTED',
      message: expect.stringMatching(/^options\.limits can't be honored: .*(?:;|, or) call delegateCgroup\(\) first/),
    });
    expect(delegated).toMatchObject({ moved: [expect.any(Number)], controllers: ['memory', 'pids', 'cpu'] });
  }
  if (placing !== 'root') expect(again).toEqual({ ...delegated, moved: [] });
  const message = /^options\.limits can't be honored: the program could leave its cgroup: it runs as .*; give paths/;
  expect(unprotected).toMatchObject({ code: 'ERR_SECCOMP_OPTION', message: expect.stringMatching(message) });
  expect(granted).toMatchObject({
    code: expect.stringMatching(/^ERR_SECCOMP_/),
    message: expect.stringMatching(/^options\./),
  });
}

/** Expects that each program is stopped at its limit, that none can leave, and that this is what is reported. */
export function expectWithin(usage: Usage): void {
  const { within, hog, bomb, left, spin, sync, starting, startingLeft, closed, leaving } = usage;
  const ended = { limit: null, exitCode: 0, signal: null };
  expect(within).toMatchObject({ ...ended, stdout: 'all\n', enforcement: enforced('memory', 'processes', 'cpu') });
  const outOfMemory = { limit: 'memory', signal: 'SIGKILL', enforcement: enforced('memory') };
  expect(hog).toMatchObject({ ...outOfMemory, stdout: '', message: expect.stringMatching(/options\.limits\.memory/) });
  expect(sync).toMatchObject(outOfMemory);
  expect(bomb).toMatchObject({ limit: 'processes', exitCode: 4, enforcement: enforced('processes') });
  expect(Number(bomb.stdout)).toBeLessThan(20);
  expect(bomb.message).toMatch(/options\.limits\.processes/);
  expect(left).toEqual({ before: true, after: false });
  expect(spin).toMatchObject({ ...ended, enforcement: enforced('cpu') });
  expect(Number(spin.stdout)).toBeGreaterThan(1500); // 900 ms of CPU time, of which 20 ms are allowed each 100 ms: about 4500.
  // The process that starts the program shares its memory with the cgroup's first member, and must not be killed with it.
  for (const each of [starting, startingLeft]) expect(each).toMatchObject({ code: 'E2BIG' });
  expect(closed).toMatchObject({ code: 'EBADF', message: 'spawn EBADF' });
  expect(leaving).toMatchObject({ ...ended, isRight: true });
  const [moved, back, memory, processes, , made] = String(leaving.stdout).split(' ').map(Number);
  expect([moved, back, memory, processes, made]).toEqual(Array(5).fill(EACCES));
}

function enforced(...names: LimitsEnforcement['enforced']): LimitsEnforcement {
  return { by: 'cgroup', cgroup: expect.stringMatching(/\/seccomp-\d+-\d+-\d+-0\.\d+$/), enforced: names };
}
