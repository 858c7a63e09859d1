/** What is reported of a machine: its CPU, its kernel, the state of this process, and the container that it runs in. */
import fs from 'node:fs';
import os from 'node:os';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { FILTER_FLAGS, features, isSupported, machineAbis, thisHost } from '../lib/host.js';
import { kernelConfig } from '../lib/kernel/config.js';
import { RIGHTS, rightsIn } from '../lib/landlock/paths/rights.js';
import { pathsSupport } from '../lib/landlock/paths/support.js';
import { addon } from '../lib/native.js';
import { spyOnBuiltin } from './support/spy-on-builtin.js';

const files = new Map<string, string | Buffer>();
const container = process.env['container'];

beforeAll(() => void features()); // Loads the addon from the real files.
beforeEach(() => {
  files.clear();
  delete process.env['container'];
  spyOnBuiltin(os, 'release').mockReturnValue('6.1.9-test');
  spyOnBuiltin(fs, 'existsSync').mockImplementation((file) => files.has(String(file)));
  spyOnBuiltin(fs, 'readFileSync').mockImplementation((file) => {
    const content = files.get(String(file));
    if (content === undefined) throw Object.assign(new Error(`ENOENT: ${file}`), { code: 'ENOENT' });
    return typeof content === 'string' && String(file).startsWith('/proc/self/') ? content : Buffer.from(content);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  if (container === undefined) delete process.env['container'];
  else process.env['container'] = container;
});

/** A process of Linux on another CPU, or of another operating system. */
function onMachine(properties: Partial<Pick<NodeJS.Process, 'arch' | 'platform'>>): void {
  vi.stubGlobal('process', Object.create(process, Object.getOwnPropertyDescriptors(properties)));
}

describe('thisHost', () => {
  test.each<[NodeJS.Architecture, readonly string[]]>([
    ['x64', ['x86_64', 'x86', 'x32']],
    ['ia32', ['x86']],
    ['arm64', ['aarch64', 'arm']],
    ['arm', ['arm']],
    ['riscv64', ['riscv64']],
    ['loong64', ['loongarch64']],
    ['s390x', ['s390x']],
    ['ppc64', ['ppc64le']],
  ])('of %s has its native ABI; its programs may have %j', (arch, abis) => {
    onMachine({ arch });
    expect(thisHost().abi).toBe(abis[0]);
    expect(machineAbis()).toEqual(abis);
  });

  test('of a CPU without a syscall table is an error', () => {
    onMachine({ arch: 'mips' });
    expect(() => thisHost()).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_UNSUPPORTED' }));
  });

  test('has the kernel, and the capabilities and ABIs that are given', () => {
    expect(thisHost()).toMatchObject({ kernel: { major: 6, minor: 1 }, capabilities: new Set(), abis: undefined });
    expect(thisHost(['CAP_BPF'], ['x32'])).toMatchObject({ capabilities: new Set(['CAP_BPF']), abis: ['x32'] });
  });

  test('of another operating system has a kernel that is newer than every Linux', () => {
    onMachine({ platform: 'darwin' });
    expect(thisHost().kernel).toEqual({ major: 255, minor: 255 });
  });
});

describe('isSupported', () => {
  test('is true where the kernel has seccomp filters', () => {
    expect(isSupported()).toBe(true);
  });

  test.each([
    ['2', /an attached filter denies seccomp\(2\): change the profile/],
    [
      '0',
      /this kernel has no seccomp filters: use one that is built with CONFIG_SECCOMP=y and CONFIG_SECCOMP_FILTER=y/,
    ],
  ])('is an error on a Linux that attaches none: mode %s', (mode, message) => {
    files.set('/proc/self/status', `Seccomp:\t${mode}`);
    vi.spyOn(addon(), 'filterFlagsKnown').mockReturnValue(false);
    expect(isSupported).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_UNSUPPORTED' }));
    expect(isSupported).toThrow(message);
  });

  test('is an error for a CPU without a table, and false on another system, without asking the kernel', () => {
    const known = vi.spyOn(addon(), 'filterFlagsKnown');
    onMachine({ arch: 'mips' });
    expect(isSupported).toThrow('no syscall table for the CPU mips');
    onMachine({ platform: 'darwin' });
    expect([isSupported(), known.mock.calls]).toEqual([false, []]);
  });
});

describe('features', () => {
  const status = (...lines: string[]) => files.set('/proc/self/status', lines.join('\n'));
  const ENOSYS = 38;

  test('has the state of this process', () => {
    status('Name:\tnode', 'CapEff:\t0000000000000003', 'NoNewPrivs:\t1', 'Seccomp:\t2', 'Seccomp_filters:\t3');
    expect(features().self).toEqual({
      reason: null,
      mode: 2,
      filters: 3,
      noNewPrivileges: true,
      uid: process.getuid?.(),
      capabilities: ['CAP_CHOWN', 'CAP_DAC_OVERRIDE'],
    });
  });

  test('says why the state of this process is unknown', () => {
    files.delete('/proc/self/status');
    const reason = "/proc/self/status can't be read (ENOENT)";
    expect(features().self).toMatchObject({ reason, mode: null, filters: null, capabilities: [] });
  });

  test('has null for what an old kernel does not report', () => {
    status('NoNewPrivs:\t0');
    expect(features().self).toMatchObject({ mode: null, filters: null, noNewPrivileges: false, capabilities: [] });
    status('Seccomp:\t0', 'Seccomp_filters:\t0');
    expect(features().self).toMatchObject({ mode: 0, filters: 0 });
  });

  test('lists the actions and flags that the kernel knows', () => {
    status();
    const LOG = 0x7ffc_0000;
    vi.spyOn(addon(), 'actionAvailable').mockImplementation((action) => (action === LOG ? ENOSYS : 0));
    // WAIT_KILLABLE_RECV is valid only together with NEW_LISTENER.
    vi.spyOn(addon(), 'filterFlagsKnown').mockImplementation((flags) => [1, 2, 8, 40].includes(flags));
    const { actions, flags, seccomp } = features();
    expect([actions.includes('log'), actions.includes('errno'), actions.length]).toEqual([false, true, 7]);
    expect(flags).toEqual(['TSYNC', 'LOG', 'NEW_LISTENER', 'WAIT_KILLABLE_RECV']);
    expect(seccomp).toBe(true);
  });

  test.each([
    ['TSYNC', 1, '3.17'],
    ['LOG', 2, '4.14'],
    ['SPEC_ALLOW', 4, '4.17'],
    ['NEW_LISTENER', 8, '5.0'],
    ['TSYNC_ESRCH', 16, '5.7'],
    ['WAIT_KILLABLE_RECV', 40, '5.19'],
  ])('asks for the flag %s by its value %i, which Linux has since %s', (name, value, since) => {
    status();
    vi.spyOn(addon(), 'filterFlagsKnown').mockImplementation((flags) => flags === value);
    expect(features().flags).toEqual([name]);
    expect(FILTER_FLAGS.find((flag) => flag.name === name)).toEqual({ name, value, since });
  });

  test.each([
    [0, false, true],
    [ENOSYS, true, true],
    [ENOSYS, false, false],
  ])('with actions %i and flags %s, seccomp is %s: before Linux 4.14 only the flags show it', (error, known, has) => {
    status();
    vi.spyOn(addon(), 'actionAvailable').mockReturnValue(error);
    vi.spyOn(addon(), 'filterFlagsKnown').mockReturnValue(known);
    expect(features().seccomp).toBe(has);
  });

  test('names the rights of Landlock that the kernel has and lacks', () => {
    status();
    const { rights, missing, abi, reason } = features().paths;
    expect([...rights, ...missing]).toEqual(Object.keys(RIGHTS));
    expect(rights).toEqual(rightsIn(pathsSupport().rights));
    expect([abi, reason]).toEqual([pathsSupport().abi, pathsSupport().reason]);
  });

  test.each<[string | undefined, string | undefined, string | null]>([
    [undefined, undefined, null],
    ['/.dockerenv', 'lxc', 'docker'],
    ['/run/.containerenv', 'lxc', 'podman'],
    ['/var/run/secrets/kubernetes.io', undefined, 'kubernetes'],
    [undefined, 'systemd-nspawn', 'systemd-nspawn'],
  ])('with the file %s and the variable container=%s, the container is %s', (file, variable, kind) => {
    status();
    if (file !== undefined) files.set(file, '');
    if (variable !== undefined) process.env['container'] = variable;
    expect(features().container).toBe(kind);
  });
});

describe('kernelConfig', () => {
  const text =
    '# CONFIG_SECCOMP_CACHE_DEBUG is not set\nCONFIG_SECCOMP=y\nXCONFIG_SECCOMP=n\nCONFIG_SECCOMP_FILTER=m\n';
  const options = { CONFIG_SECCOMP: 'y', CONFIG_SECCOMP_FILTER: 'm' };

  test.each([
    ['/proc/config.gz', gzipSync(text)],
    ['/boot/config-6.1.9-test', text],
    ['/lib/modules/6.1.9-test/config', text],
  ])('is read from %s', (file, content) => {
    files.set(file, content);
    expect(kernelConfig()).toEqual({ file, options });
  });

  test('is read from the first of these files that can be read', () => {
    files.set('/proc/config.gz', 'this is not compressed');
    files.set('/boot/config-6.1.9-test', text);
    files.set('/lib/modules/6.1.9-test/config', 'CONFIG_SECCOMP=n');
    expect(kernelConfig()).toEqual({ file: '/boot/config-6.1.9-test', options });
  });

  test('has no file if none can be read', () => {
    expect(kernelConfig()).toEqual({ file: null });
  });
});
