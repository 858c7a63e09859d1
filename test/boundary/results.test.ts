/** Objects that the package returns: changes of them affect no decision. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as seccomp from '../../lib/index.js';

const denying = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['unshare'], action: 'SCMP_ACT_ERRNO' }] };
const deny = () => seccomp.loadProfile(denying as never) as seccomp.Profile;
/** Whether the program's call is denied. */
const isDenied = (profile: never, options = {}) =>
  seccomp.spawnSync('unshare', ['--uts', 'true'], profile, { stdio: 'ignore', ...options }).status === 1;

/** Changes the content of a value as far as possible. */
function spoil(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  const parts = value instanceof Map ? [...value.values()] : Object.values(value);
  for (const part of parts) spoil(part, seen);
  const spoilers = [
    () => value instanceof Map && value.clear(),
    () => value instanceof Set && value.add('CAP_SYS_ADMIN'),
    () => Array.isArray(value) && value.splice(0),
    () => Reflect.set(value, 'kind', 'allow'),
    () => Reflect.set(value, 'action', 'SCMP_ACT_ALLOW'),
    () => Reflect.set(value, 'audit', 0),
    () =>
      Reflect.set(value, 'policy', { abis: [], defaultAction: { kind: 'allow' }, foreignAction: { kind: 'allow' } }),
    () => Reflect.set(value, 'document', { defaultAction: 'SCMP_ACT_ALLOW' }),
  ];
  for (const each of spoilers) {
    try {
      each();
    } catch {
      // It is frozen.
    }
  }
}

const call = { syscall: 'unshare', args: [] };
test.each<[string, () => unknown]>([
  ['a built-in profile', () => seccomp.loadProfile('docker-default')],
  ['a profile on a built-in', () => seccomp.extend('docker-default')],
  ['a new denylist', () => seccomp.Profile.denylist()],
  ['a new allowlist', () => seccomp.Profile.allowlist()],
  ['an explanation', () => seccomp.explain('docker-default', call)],
  [
    'an explanation of a call that kills',
    () => seccomp.explain({ defaultAction: 'SCMP_ACT_KILL_PROCESS' } as never, call),
  ],
  ['an explanation of a call that is allowed', () => seccomp.explain(denying as never, { syscall: 'read' })],
  ['a policy', () => seccomp.compile('docker-default').policy],
  [
    'a policy that was resolved',
    () => seccomp.resolve(deny(), { abi: 'x86_64', kernel: { major: 6, minor: 1 }, capabilities: new Set() }),
  ],
  ['a check', () => seccomp.checkProfile('docker-default')],
  ['what read text is made of', () => seccomp.parseProfile(JSON.stringify(denying))],
  ['a group', () => seccomp.syscallGroup('@network-io')],
  ['a difference', () => seccomp.compare(seccomp.compile('node').policy, seccomp.compile('docker-default').policy)],
  ['constants', () => seccomp.constants],
])('%s', (_, make) => {
  const filters = () =>
    [
      'docker-default',
      denying,
      { defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }] },
    ].map((profile) => Buffer.from(seccomp.compile(profile as never).bytes).toString('hex'));
  const before = filters();
  spoil(make());
  expect(filters()).toEqual(before);
  expect(isDenied('docker-default' as never, { abis: ['x86'], capabilities: [] })).toBe(true);
});

test('a filter alone, with others, and with a supervisor', () => {
  for (const extra of [{}, { onViolation: true }]) {
    const filter = seccomp.compile(denying as never);
    expect(isDenied(filter as never, extra)).toBe(true);
    spoil(filter);
    expect(() => Object.assign(filter, { policy: null })).toThrow(TypeError);
    expect(isDenied(filter as never, extra)).toBe(true);
    expect(isDenied([filter, { defaultAction: 'SCMP_ACT_ALLOW' }] as never, extra)).toBe(true);
    const fresh = seccomp.compile(denying as never);
    spoil(fresh.policy);
    expect(isDenied([fresh, { defaultAction: 'SCMP_ACT_ALLOW' }] as never, extra)).toBe(true);
  }
});

test('the policy, instructions and proof of a filter cannot be changed', () => {
  const filter = seccomp.compile(denying as never);
  for (const part of [
    filter.policy,
    filter.policy.defaultAction,
    filter.instructions,
    filter.instructions[0],
    filter.proof,
  ])
    expect(Object.isFrozen(part)).toBe(true);
});

test('a profile, before and after it was used', () => {
  const profile = deny();
  spoil(profile);
  expect(isDenied(profile as never)).toBe(true);
  spoil(profile);
  expect(isDenied([profile, { defaultAction: 'SCMP_ACT_ALLOW' }] as never)).toBe(true);
});

test('the result of harden', () => {
  const script = `
    const { harden, spawnSync } = require(${JSON.stringify(fileURLToPath(new URL('../../dist/index.js', import.meta.url)))});
    const profile = ${JSON.stringify(denying)};
    const { filters } = harden(profile);
    try { filters.length = 0; } catch {}
    console.log(filters.length);`;
  const { stdout } = seccomp.spawnSync(process.execPath, ['-e', script], 'unconfined', { encoding: 'utf8' });
  expect(stdout).toBe('1\n');
});

test('profiles and filters cannot be forged', () => {
  const { policy, instructions, bytes } = seccomp.compile(denying as never);
  for (const parameters of [[policy, instructions, bytes, []], [{ policy, instructions, bytes }]])
    expect(() => Reflect.construct(seccomp.Filter, parameters)).toThrow(/made by compile/);
  const { document } = deny();
  expect(() => Reflect.construct(seccomp.Profile, [document, deny()])).toThrow(/made by loadProfile/);
});
