/**
 * Objects that the package returns: changes of them affect no decision, and they have null for what is unknown, and no
 * property for what does not apply.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { knownCredentials } from '../../lib/agent/credentials.js';
import { callSiteOf } from '../../lib/decode/observed-call.js';
import * as seccomp from '../../lib/index.js';
import { probe } from '../../lib/testing/probe.js';
import { packageRoot } from '../support/scripts.js';

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

/** The paths of the properties that are undefined. Getters are left out: those of a violation compute what applies. */
function undefinedIn(value: unknown, path: string): readonly string[] {
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(Object(value)) === Object.prototype;
  if (typeof value !== 'object' || value === null || !isPlain) return [];
  return Object.entries(Object.getOwnPropertyDescriptors(value)).flatMap(([name, descriptor]) => {
    const part: unknown = Reflect.get(value, name);
    if (part === undefined) return 'value' in descriptor ? [`${path}.${name}`] : [];
    return undefinedIn(part, `${path}.${name}`);
  });
}

const TEXT = JSON.stringify({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', comment: 'reads' }],
});
const mkdir = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
};
const failed = (options = {}) =>
  seccomp.run('mkdir', ['/nowhere/x'], mkdir as never, options).catch((error: seccomp.RunError) => error.toJSON());

test.each<[string, () => unknown]>([
  ['an explanation by a rule of a text', () => seccomp.explain(TEXT, { syscall: 'read' })],
  ['an explanation by a rule of an object', () => seccomp.explain(denying as never, call)],
  ['an explanation by the default action', () => seccomp.explain(TEXT, call)],
  ['an explanation for unconfined', () => seccomp.explain('unconfined', call)],
  ['a difference by name', () => seccomp.compare('node', 'docker-default')],
  ['a difference by numbers', () => seccomp.compare(TEXT, denying as never)],
  ['issues with and without positions', () => [TEXT, {}].map((source) => seccomp.checkProfile(source as never))],
  ['answers of a probe', () => probe('docker-default', ['read', 'mount'])],
  ['a host', () => seccomp.thisHost()],
  ['the result of run', () => seccomp.run('true', 'docker-default')],
  ['the result of run, without isolation', () => seccomp.run('true', 'docker-default', { isolate: false })],
  ['the error of run', () => failed()],
  ['violations of a rule', () => failed({ onViolation: true })],
  ['the result of spawnSync', () => seccomp.spawnSync('true', 'docker-default', { onViolation: true })],
  ['the result of spawnSync that started nothing', () => seccomp.spawnSync('no-such-program', 'docker-default')],
  ['recorded calls', async () => (await seccomp.record('true')).calls],
])('has no property that is undefined: %s', async (name, make) => {
  const result = await make();
  expect(result).toBeInstanceOf(Object);
  expect(undefinedIn(result, name)).toEqual([]);
});

test('a violation has no rule, profile and remedy where they do not apply', async () => {
  const { violations } = seccomp.spawnSync('prlimit', ['--pid', '1', '--core=0'], 'docker-default', {
    onViolation: true,
  });
  const [ofIsolation] = violations.filter(({ deniedBy }) => deniedBy === 'isolation');
  expect(ofIsolation).toMatchObject({ profile: undefined, rule: undefined, remedy: undefined });
  const keys = Object.keys(JSON.parse(JSON.stringify(ofIsolation)));
  expect(keys.filter((key) => ['profile', 'rule', 'remedy'].includes(key))).toEqual([]);
});

test('what the kernel can’t tell of a caller is null', () => {
  const raw = {
    arch: 0,
    number: 0,
    args: [],
    captured: [],
    pid: 0,
    tid: 0,
    executable: Buffer.of(),
    instruction: Buffer.of(),
  };
  expect(callSiteOf(raw)).toEqual({ pid: null, tid: null, executable: null, instruction: null });
  const known = { pid: 1, tid: 2, executable: '/bin/true', instruction: '/bin/true+0x1' };
  const bytes = { executable: Buffer.from(known.executable), instruction: Buffer.from(known.instruction) };
  expect(callSiteOf({ ...raw, ...known, ...bytes })).toEqual(known);
});

test('what the kernel can’t tell of a sender is null', () => {
  const foreign = { pid: 0, uid: 65534, gid: 65534 };
  expect(knownCredentials(foreign, () => false)).toEqual({ pid: null, uid: null, gid: null });
  expect(knownCredentials(foreign, () => true)).toEqual({ pid: null, uid: 65534, gid: 65534 });
  expect(knownCredentials({ pid: 7, uid: 0, gid: 1000 }, () => false)).toEqual({ pid: 7, uid: 0, gid: 1000 });
});

test('no type of the API has a property that must be given as undefined, or that is both optional and null', () => {
  const folder = join(packageRoot, 'test/package/api');
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.api.md'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
  // As in Node, the option `encoding` can be null.
  const properties = lines.filter(
    (line) => /^ {4}(readonly |get )?\w+(\(\))?\??: /.test(line) && !/\bencoding\?/.test(line),
  );
  expect(properties.length).toBeGreaterThan(200);
  expect(properties.filter((line) => /\w(\(\))?: .*\| undefined;$/.test(line))).toEqual([]);
  expect(properties.filter((line) => /\w\?: .*\bnull\b/.test(line))).toEqual([]);
});
