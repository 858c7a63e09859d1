/** Limits that are sampled: what the guardian is told and tells, and where it could not see all processes. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type LimitReason, limitText } from '../../lib/process-tree/limit-reason.js';
import { readTreeLimits } from '../../lib/process-tree/limits.js';
import {
  guardianLimit,
  isUnweighed,
  maySample,
  ownProcObstacle,
  procObstacle,
  SAMPLED_EVERY,
  toNativeSampled,
  treeStatus,
} from '../../lib/process-tree/sampled-limits.js';

test.each([
  [{ memory: '1M', exact: false }, [1n << 20n, 0n, 0n, 0n]],
  [{ processes: 7, exact: false }, [0n, 7n, 0n, 0n]],
  [{ cpu: 1.5, exact: false }, [0n, 0n, 15_000n, 0n]],
  [{ cpu: 0.01, exact: false }, [0n, 0n, 100n, 0n]],
] as const)('the guardian gets %o as %o', (limits, native) => {
  expect(toNativeSampled(readTreeLimits(limits))).toEqual(native);
});

test.each([
  [{ processes: 7, exact: false }, true, true],
  [{ processes: 7, exact: 'preferred' }, true, false],
  [{ processes: 7, exact: true }, false, false],
  [{ processes: 7 }, false, false],
  [{}, false, false],
  [undefined, false, false],
])('%o may be sampled: %o; if the descendants are left: %o', (limits, ...expected) => {
  const checked = limits && readTreeLimits(limits);
  expect([maySample(checked, false), maySample(checked, true)]).toEqual(expected);
});

test.each([
  [0, 0, null, false],
  [2, 2, null, false],
  [16, 0, 'memory', false],
  [32 + 2, 2, 'processes', false],
  [48, 0, 'cpu', false],
  [64 + 3, 3, null, true],
  [null, null, null, false],
  [-1, -1, null, false],
])('the exit code %o of a guardian has the status %o, the limit %o, and could not weigh: %o', (code, ...expected) => {
  expect([treeStatus(code), guardianLimit(code), isUnweighed(code)]).toEqual(expected);
});

test('the times are those of native/guardian/protocol.h', () => {
  const header = readFileSync(new URL('../../native/guardian/protocol.h', import.meta.url), 'utf8');
  const constantOf = (name: string) =>
    Number(new RegExp(`\\b${name} = ([\\d']+);`).exec(header)?.[1]?.replaceAll("'", ''));
  expect(SAMPLED_EVERY).toBe(constantOf('kLookInterval'));
  expect(toNativeSampled(readTreeLimits({ cpu: 1, exact: false }))).toEqual([
    0n,
    0n,
    BigInt(constantOf('kCpuWindow')),
    0n,
  ]);
});

const SAMPLED: [NodeJS.Signals, { readonly by: string }] = ['SIGKILL', { by: 'guardian' }];
test.each<[LimitReason | null, [signal?: NodeJS.Signals | null, limits?: { readonly by?: string }], string]>([
  ['cpu', SAMPLED, 'it used more CPU time than it may (options.limits.cpu)'],
  ['memory', SAMPLED, 'it used more memory than it may (options.limits.memory)'],
  ['processes', SAMPLED, 'it had more processes and threads than it may (options.limits.processes)'],
  ['file-size', SAMPLED, ''],
  ['cpu', ['SIGXCPU', { by: 'guardian' }], 'it used too much CPU time (options.rlimits.cpu)'],
  ['cpu', [], 'it used too much CPU time (options.rlimits.cpu)'],
  ['file-size', [], 'it wrote too large a file (options.rlimits.fsize)'],
  ['memory', ['SIGKILL', { by: 'cgroup' }], 'it needed more memory than it may use (options.limits.memory)'],
  ['memory', ['SIGKILL'], 'it needed more memory than it may use (options.limits.memory)'],
  ['processes', [null, {}], 'it could not start as many processes as it needs (options.limits.processes)'],
  ['time', [], ''],
  ['output', SAMPLED, ''],
  [null, SAMPLED, ''],
])('of the limit %s, with %j, the text is ‘%s’', (limit, end, text) => {
  expect(limitText(limit, ...end)).toBe(text);
});

const SELF = String(process.pid);
const OTHERS = '24 1 0:22 / / rw - ext4 /dev/vda rw';
const proc = (options: string, point = '/proc') => `25 24 0:23 / ${point} rw,relatime shared:5 - proc proc ${options}`;

test.each([
  [proc('rw')],
  [proc('rw,hidepid=off')],
  [proc('rw,gid=7,hidepid=0')],
  [`${proc('rw,hidepid=2', '/other')}\n${proc('rw')}`],
  [`${proc('rw,hidepid=2')}\n${proc('rw')}`],
  [proc('rw,hidepid=off').replace('- proc', '- proc2').concat('\n')],
  [OTHERS.replace('/dev/vda rw', '/dev/vda rw,hidepid=2')],
  [proc('rw,xhidepid=2')],
])('all processes are seen: %o', (mounts) => {
  expect(procObstacle(`${OTHERS}\n${mounts}\n`, SELF, false)).toBeUndefined();
});

test.each(['hidepid=invisible', 'hidepid=2', 'hidepid=1', 'hidepid=noaccess', 'hidepid=4', 'gid=7,hidepid=ptraceable'])(
  'processes could hide: %o',
  (option) => {
    const mounts = `${OTHERS}\n${proc('rw')}\n${proc(`rw,${option},subset=pid`)}\n`;
    const value = option.replace(/.*=/, '');
    expect(procObstacle(mounts, SELF, false)).toEqual({
      reason: `/proc is mounted with hidepid=${value}, so that processes could hide from the guardian`,
      remedy: 'mount it without (mount -o remount,hidepid=off /proc), or run this process with CAP_SYS_PTRACE',
    });
    expect(procObstacle(mounts, SELF, true)).toBeUndefined();
  },
);

test('a /proc of another PID namespace is an obstacle', () => {
  expect(procObstacle(proc('rw'), `${process.pid}0`, true)?.reason).toMatch(
    /not of the PID namespace of this process$/,
  );
});

test('there is no obstacle here', () => expect(ownProcObstacle(false)).toBeUndefined());
