/** Landlock on real kernels: the ABI of each, and how this package isolates children there. */
import { beforeAll, expect, test } from 'vitest';
import type { IsolationEnforcement } from '../../lib/landlock/enforcement.js';
import { callTo, toAnswer, toArgument } from '../support/probe.js';
import { PATIENCE_MS, USER } from './guest.js';
import { isolationOn, type Machine } from './machines.js';
import { describeMachines, runScripts } from './scripts.js';

/** What landlock.mjs prints. */
interface Report {
  readonly probe: string;
  readonly modules: readonly string[];
  readonly isolation: IsolationEnforcement;
  readonly guest: { readonly writableDevices: readonly string[] };
}

/** Flag of landlock_create_ruleset(2) with which it returns the version of the ABI. */
const LANDLOCK_CREATE_RULESET_VERSION = 1;

/** What `enforcement` gives as the reason, by what isolates the child. */
const REASONS = {
  scopes: /^$/,
  domain: /^Linux \S+ has no Landlock scopes: /,
  nothing: /^Linux \S+ has no Landlock: /,
};

describeMachines('Landlock', testOn);

function testOn(machine: Machine): void {
  let reports: readonly Report[] = [];
  beforeAll(async () => {
    const version = callTo(machine.abis[0], 'landlock_create_ruleset', 0, 0, LANDLOCK_CREATE_RULESET_VERSION);
    const script = { script: new URL('landlock.mjs', import.meta.url), args: [toArgument(version)] };
    const programs = new Map([['/bin/probe', { source: new URL('../support/probe.c', import.meta.url) }]]);
    reports = await runScripts<Report>(machine, [script, { ...script, user: USER }], { programs });
  }, PATIENCE_MS);

  test('the kernel has the ABI that the table of machines names', () => {
    for (const { probe, modules } of reports) {
      expect(probe).toSatisfy(isVersionOf(machine));
      expect(modules.includes('landlock')).toBe(machine.landlock > 0);
    }
  });

  test('children of root and of an ordinary user are isolated as the ABI allows', () => {
    const by = isolationOn(machine);
    const expected = [by, expect.stringMatching(REASONS[by ?? 'nothing'])];
    expect(reports.map(({ isolation }) => [isolation.by, isolation.reason ?? ''])).toEqual([expected, expected]);
  });

  test('root and the user find what they would in a distribution', () => {
    const common = { loopback: ['127.0.0.1', '::1'], changesRoot: 'old' };
    expect(reports.map(({ guest }) => guest)).toMatchObject([
      { ...common, user: 'root', ownerOfFile: 0 },
      { ...common, user: 'user', ownerOfFile: USER },
    ]);
    const devices = ['full', 'null', 'random', 'tty', 'urandom', 'zero'].map((name) => `/dev/${name}`);
    for (const { guest } of reports) expect(guest.writableDevices).toEqual(expect.arrayContaining(devices));
  });
}

/** Whether /bin/probe printed the version of the machine's ABI. A `newest` kernel may have a newer one. */
function isVersionOf({ name, landlock }: Machine): (probe: string) => boolean {
  if (landlock === 0) return (probe) => toAnswer(probe) === 'errno ENOSYS';
  if (name.endsWith('-newest')) return (probe) => Number(probe.replace('ok ', '')) >= landlock;
  return (probe) => probe === `ok ${landlock}`;
}
