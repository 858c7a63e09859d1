/**
 * Limits under systemd, for an ordinary user with a delegated scope or service, and for Node as the first process of a
 * container whose cgroups are writable. The machine is a real kernel with cgroup v2 alone, in qemu-system.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { expectPlaced, expectWithin, type Placing, type Scenario } from '../../process-tree/limits/scenario.js';
import { MACHINES } from '../machines.js';
import { COMMAND, type Outcome, obstacleToSystemd, PATIENCE_MS, runUnderSystemd, SCENARIO, USAGE } from './guest.js';

const SCOPE = 'as-user systemd-run --user --scope --quiet -p Delegate=yes';
/** As the error of the command proposes, with options that keep systemd-run quiet. */
const SERVICE = 'as-user systemd-run --user --pipe --wait --quiet -p Delegate=yes -p DelegateSubgroup=main';
const WRITABLE = '--security-opt unmask=/sys/fs/cgroup';
const RUN = `${COMMAND} run --memory 64M --read @system --execute ${USAGE}`;
const HOG = `${USAGE} hog 256`;

const STEPS = {
  inSession: `as-user ${RUN} ${HOG}`,
  sessionDoctor: `as-user ${COMMAND} doctor --json`,
  inScope: `${SCOPE} node ${SCENARIO} ${USAGE} user placed`,
  scopeDoctor: `${SCOPE} ${COMMAND} doctor --json`,
  inService: `${SERVICE} node ${SCENARIO} ${USAGE} alone placed`,
  serviceDoctor: `${SERVICE} ${COMMAND} doctor --json`,
  command: `${SERVICE} ${RUN} ${HOG}`,
  inContainer: `in-container -- ${RUN} ${HOG}`,
  inWritable: `in-container ${WRITABLE} -- node ${SCENARIO} ${USAGE} container placed`,
  commandInWritable: `in-container ${WRITABLE} -- ${RUN} ${HOG}`,
  commandInSubgroup: `in-container ${WRITABLE} -- sh -c 'mkdir /sys/fs/cgroup/main && echo $$ >/sys/fs/cgroup/main/cgroup.procs && ${RUN} ${HOG}'`,
} as const;

const machine = MACHINES.find(({ name }) => name === 'amd64-6.12') ?? expect.fail('there is no such machine');
const obstacle = obstacleToSystemd(machine);

describe('under systemd', () => {
  if (obstacle === undefined) return testUnderSystemd();
  test('limits are tested', ({ skip }) => skip(obstacle));
});

function testUnderSystemd(): void {
  let outcomes: Readonly<Record<string, Outcome | undefined>> = {};
  beforeAll(async () => {
    const found = await runUnderSystemd(machine, Object.values(STEPS));
    outcomes = Object.fromEntries(Object.keys(STEPS).map((name, i) => [name, found[i]] as const));
  }, PATIENCE_MS);

  const outcome = (name: keyof typeof STEPS) => outcomes[name] ?? expect.fail('it was not run');

  /** The check `limits` of doctor. */
  function limitsOf(name: keyof typeof STEPS): unknown {
    const { checks } = JSON.parse(outcome(name).stdout) as { checks: readonly { readonly name: string }[] };
    return checks.find((check) => check.name === 'limits');
  }

  const KILLED = {
    status: 137,
    stderr: `seccomp: ${USAGE}: it needed more memory than it may use (--memory)\n`,
  };

  test.each<[keyof typeof STEPS, Placing, readonly ('paths' | 'uid')[]]>([
    ['inScope', 'user', ['paths']],
    ['inService', 'alone', ['paths']],
    ['inWritable', 'container', ['paths', 'uid']],
  ])('%s, limits hold, and nothing is left', (name, placing, ways) => {
    const { status, stdout, stderr } = outcome(name);
    expect([status, stderr]).toEqual([0, '']);
    const { results, left, ...placed }: Scenario = JSON.parse(stdout);
    expectPlaced(placed, placing);
    expect(Object.keys(results)).toEqual(ways);
    for (const way of ways) expectWithin(results[way] ?? expect.fail('it was not tried'));
    expect(left).toEqual([]);
  });

  test('in a session that is not delegated, the command proposes a service, and doctor the ways to a cgroup', () => {
    expect(outcome('inSession')).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(
        /^seccomp: --memory can't be honored: .*(?:;|, or) give it a delegated cgroup: systemd-run --user --pipe --wait -p Delegate=yes -p DelegateSubgroup=main seccomp run …; --best-effort/,
      ),
    });
    expect(limitsOf('sessionDoctor')).toMatchObject({
      state: 'limit',
      remedy: expect.stringMatching(
        /^start this process in a delegated cgroup: systemd-run --user --scope -p Delegate=yes/,
      ),
    });
  });

  test('in that service, the command limits a program', () => {
    expect(outcome('command')).toMatchObject(KILLED);
    const detail = expect.stringMatching(
      /^memory, processes and CPU time of children can be limited, by cgroups in \//,
    );
    expect(limitsOf('serviceDoctor')).toEqual({ name: 'limits', state: 'ok', detail });
  });

  test('in a delegated scope, doctor proposes delegateCgroup()', () => {
    const remedy = expect.stringMatching(
      /^call delegateCgroup\(\) first, which moves this process into a subgroup; or /,
    );
    expect(limitsOf('scopeDoctor')).toMatchObject({ state: 'limit', remedy });
  });

  test('in a container, the command proposes writable cgroups, and a subgroup', () => {
    expect(outcome('inContainer')).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(
        /^seccomp: --memory can't be honored: this process is in \/, .*(?:;|, or) give the container .* podman run --security-opt unmask=\/sys\/fs\/cgroup/,
      ),
    });
    expect(outcome('commandInWritable')).toMatchObject({
      status: 125,
      stderr: expect.stringContaining(
        'mkdir /sys/fs/cgroup/main && echo $$ >/sys/fs/cgroup/main/cgroup.procs; --best-effort',
      ),
    });
    expect(outcome('commandInSubgroup')).toMatchObject(KILLED);
  });
}
