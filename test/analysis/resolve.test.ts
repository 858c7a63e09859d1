/** resolve() and thisHost(): every profile source, and this machine as the default host. */
import { release } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import * as seccomp from '../../lib/index.js';

const { platform, arch } = process;
afterEach(() => pretend(platform, arch));

/** Makes Node report another system. */
function pretend(system: string, cpu: string): void {
  Object.defineProperty(process, 'platform', {
    ...Object.getOwnPropertyDescriptor(process, 'platform'),
    value: system,
  });
  Object.defineProperty(process, 'arch', { ...Object.getOwnPropertyDescriptor(process, 'arch'), value: cpu });
}

test.each<[string, seccomp.ProfileSource]>([
  ['a name', 'docker-default'],
  ['a Profile', seccomp.loadProfile('docker-default')],
  ['JSON text', seccomp.stringify(seccomp.loadProfile('docker-default'))],
  ['a document', seccomp.loadProfile('docker-default').toJSON()],
])('resolve takes %s, on this machine by default', (_, source) => {
  const policy = seccomp.resolve(source);
  expect(seccomp.compare(policy, seccomp.compile('docker-default')).relation).toBe('equal');
});

describe('thisHost', () => {
  test('has the kernel version of this machine, and no capabilities', () => {
    const { kernel, capabilities, abi } = seccomp.thisHost();
    expect(`${release()}.`).toMatch(new RegExp(`^${kernel.major}\\.${kernel.minor}\\D`));
    expect(capabilities).toEqual(new Set());
    expect(seccomp.resolve('node').abis[0]?.abi.name).toBe(abi);
  });

  test('takes no options', () => {
    expect(() => seccomp.thisHost({ capabilities: [] } as never)).toThrow(/^options\.capabilities: thisHost takes no/);
  });

  test('has a kernel version above all others outside Linux, where the pure functions work', () => {
    pretend('darwin', 'arm64');
    expect(seccomp.thisHost()).toMatchObject({ abi: 'aarch64', kernel: { major: 255, minor: 255 } });
    const profile = seccomp.extend('podman-default').deny('ptrace');
    expect(seccomp.compare(profile, 'podman-default').differences).toMatchObject([{ syscall: 'ptrace' }]);
    expect(seccomp.explain(profile, { syscall: 'ptrace' }).action).toEqual({ kind: 'errno', errno: 1 });
    expect(seccomp.prove(seccomp.compile(profile))).toHaveProperty('steps');
  });

  test('throws for a CPU without a table, where a host that is given works', () => {
    const host = seccomp.thisHost();
    pretend('linux', 'vax');
    const unsupported = { code: 'ERR_SECCOMP_UNSUPPORTED', message: 'no syscall table for the CPU vax: give a host' };
    const profile = seccomp.Profile.denylist();
    for (const use of [() => seccomp.thisHost(), () => seccomp.resolve('node'), () => seccomp.compare(profile, 'node')])
      expect(use).toThrow(expect.objectContaining(unsupported));
    expect(seccomp.resolve('node', host).abis).toHaveLength(1);
    expect(seccomp.compare('node', 'unconfined', { host }).relation).toBe('subset');
  });
});
