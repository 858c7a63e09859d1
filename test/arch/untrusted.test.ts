/** The sandbox `untrusted` on real kernels: it holds, or it starts no program unless `bestEffort` accepts less. */
import { beforeAll, expect, test } from 'vitest';
import type { Enforcement } from '../../lib/landlock/enforcement.js';
import { PATIENCE_MS, USER } from './guest.js';
import { isolationOn, type Machine } from './machines.js';
import { describeMachines, runScripts } from './scripts.js';

/** What a run achieved, or why there was none. */
interface Outcome {
  readonly achieved?: readonly string[];
  readonly enforcement?: Enforcement;
  readonly code?: string;
  readonly message?: string;
}

/** What untrusted.mjs prints. */
interface Report {
  readonly strict: Outcome;
  readonly bestEffort: Outcome;
}

/** What a program may do in the sandbox. */
const ALLOWED = ['reads', 'writesPrivate'];

describeMachines('untrusted', testOn);

function testOn(machine: Machine): void {
  const by = isolationOn(machine);
  let reports: readonly Report[] = [];
  beforeAll(async () => {
    const script = { script: new URL('untrusted.mjs', import.meta.url) };
    reports = await runScripts<Report>(machine, [script, { ...script, user: USER }], {});
  }, PATIENCE_MS);

  test(by === 'scopes' ? 'lets a program achieve no more' : 'starts no program', () => {
    const whole = {
      achieved: ALLOWED,
      enforcement: expect.objectContaining({
        paths: expect.objectContaining({ by: 'landlock' }),
        network: { by: 'filter' },
      }),
    };
    const refused = {
      code: 'ERR_SECCOMP_UNSUPPORTED',
      message: expect.stringMatching(
        /^isolation, which this sandbox needs, can't be honored: .*; give bestEffort: true/,
      ),
    };
    for (const { strict } of reports) expect(strict).toMatchObject(by === 'scopes' ? whole : refused);
  });

  test('with bestEffort, restricts a program as far as the kernel can, and says how', () => {
    for (const { bestEffort } of reports) {
      const { achieved = [], enforcement } = bestEffort;
      expect(achieved).toEqual(expect.arrayContaining(ALLOWED));
      const isRestricted = enforcement?.paths?.by === 'landlock';
      expect([isRestricted, enforcement?.isolation.by]).toEqual([machine.landlock > 0, by]);
      expect(achieved).not.toContain('network');
      expect(achieved).not.toContain('variable');
      if (isRestricted) for (const name of ['secret', 'write', 'environ']) expect(achieved).not.toContain(name);
    }
  });
}
