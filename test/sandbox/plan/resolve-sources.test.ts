/** What a caller's profile becomes: which sources, resolved for which host, once or again, and which values are refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { thisHost } from '../../../lib/host.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import { Profile } from '../../../lib/profile/profile.js';
import type { Host } from '../../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../../lib/profile/source.js';
import { compile } from '../../../lib/sandbox/compile.js';
import {
  HOST_OPTIONS,
  hostOf,
  type ResolvedSources,
  resolveSources,
} from '../../../lib/sandbox/plan/resolve-sources.js';
import { abiOf } from '../../../lib/syscalls/abi.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-sources-'));
afterAll(() => rmSync(directory, { recursive: true }));

const ARM: Host = { abi: 'aarch64', kernel: { major: 5, minor: 1 }, capabilities: new Set(['CAP_SYS_CHROOT']) };
const ALLOW = profileOf({ defaultAction: 'SCMP_ACT_ALLOW' });
const LOG = profileOf({ defaultAction: 'SCMP_ACT_LOG' });

/** What sources decide about a call of this machine. */
function kindOf({ policy, host: { abi } }: ResolvedSources, syscall: string): string | undefined {
  const number = syscallNumber(abi, syscall) ?? -1;
  return policy && evaluate(policy, { arch: abiOf(abi).audit, number, args: [0n, 0n, 0n, 0n, 0n, 0n] }).kind;
}

describe('the host', () => {
  test('is this machine, for the capabilities and ABIs of the options', () => {
    expect(hostOf({})).toEqual(thisHost());
    const given = { capabilities: ['CAP_CHOWN'], abis: ['x86'] } as const;
    expect(hostOf(given)).toEqual(thisHost(given.capabilities, given.abis));
    const { host } = resolveSources(ALLOW, given);
    expect(host).toMatchObject({ capabilities: new Set(['CAP_CHOWN']), abis: ['x86'] });
  });

  test('is that of the option', () => {
    expect(hostOf({ host: ARM })).toEqual({ ...ARM, abis: undefined });
    const sources = resolveSources('docker-default', { host: ARM });
    expect([sources.host, sources.policy?.abis.map(({ abi }) => abi.name)]).toEqual([
      { ...ARM, abis: undefined },
      expect.arrayContaining(['aarch64']),
    ]);
    expect([kindOf(sources, 'chroot'), kindOf(resolveSources('docker-default', {}), 'chroot')]).toEqual([
      'allow',
      'errno',
    ]);
  });

  test.each([
    [{ capabilities: [] }, 'capabilities'],
    [{ abis: [] }, 'abis'],
    [{ abis: [], capabilities: [] }, 'capabilities'],
  ])('is not given twice: beside %j', (options, name) => {
    const message = `options.${name}: options.host sets this already: leave out one of the two`;
    for (const call of [
      () => hostOf({ host: ARM, ...options }),
      () => resolveSources(ALLOW, { host: ARM, ...options }),
    ])
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message }));
  });
});

describe('options of the host have an effect on profiles alone', () => {
  const filter = compile('docker-default');

  test.each<[string, unknown, object, readonly ('host' | 'capabilities' | 'abis')[] | undefined, string | undefined]>([
    ['unconfined', 'unconfined', { abis: [] }, undefined, 'unconfined'],
    ['unconfined twice', ['unconfined', Profile.unconfined], { abis: [] }, undefined, 'unconfined'],
    ['a filter', filter, { abis: [] }, undefined, 'a Filter, which is compiled already'],
    ['a list of filters', [filter, filter], { abis: [] }, undefined, 'a Filter, which is compiled already'],
    ['a filter, for a process', filter, { capabilities: [] }, HOST_OPTIONS, 'a Filter, which is compiled already'],
    ['a filter, for a child, which keeps them', filter, { capabilities: [] }, undefined, undefined],
    ['unconfined with handlers', 'unconfined', { abis: [], notify: {} }, undefined, undefined],
    ['a filter with handlers', filter, { abis: [], notify: {} }, undefined, 'a Filter, which is compiled already'],
    ['a filter and a profile', [filter, 'node'], { abis: [] }, undefined, undefined],
    ['a profile', 'node', { abis: [], capabilities: [] }, HOST_OPTIONS, undefined],
  ])('%s', (_, source, options, resolving, reason) => {
    const call = () => resolveSources(source, options, resolving);
    if (reason === undefined) expect(call).not.toThrow();
    else
      expect(call).toThrow(
        expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringContaining(reason) }),
      );
  });
});

describe('sources', () => {
  test('are in the order of the list, without unconfined', () => {
    const filter = compile(LOG);
    const sources = resolveSources(['unconfined', ALLOW, filter, Profile.unconfined, LOG], {});
    expect(sources.loaded.all).toEqual([ALLOW, filter, LOG]);
    expect(sources.profiles).toEqual([ALLOW, LOG]);
    expect(sources.each.map((each) => each.filter === undefined)).toEqual([true, false, true]);
    expect(kindOf(sources, 'read')).toBe('log');
  });

  test('of unconfined are none, and have no policy', () => {
    for (const source of ['unconfined', ['unconfined', 'unconfined']])
      expect(resolveSources(source, {})).toMatchObject({ profiles: [], each: [], flags: [], policy: undefined });
  });

  test('that are the same in the same order are one object, and others are not', () => {
    const loaded = (source: unknown) => resolveSources(source, {}).loaded;
    expect(loaded([ALLOW, LOG])).toBe(loaded([ALLOW, LOG]));
    expect(loaded(ALLOW)).toBe(loaded([ALLOW]));
    expect(loaded('docker-default')).toBe(loaded('docker-default'));
    expect(loaded([ALLOW, LOG])).not.toBe(loaded([LOG, ALLOW]));
    expect(new Set([[ALLOW], [ALLOW, ALLOW], [ALLOW, LOG], [LOG], ['unconfined']].map(loaded)).size).toBe(5);
  });

  test('are resolved again from what was loaded', () => {
    const first = resolveSources(ALLOW, {});
    expect(resolveSources(first.loaded, {})).toBe(first);
    expect(resolveSources(first.loaded, { host: ARM })).not.toBe(resolveSources(first.loaded, { host: ARM }));
  });

  test('of a file are read each time', () => {
    const file = join(directory, 'profile.json');
    const kinds = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'].map((defaultAction) => {
      writeFileSync(file, JSON.stringify({ defaultAction }));
      return kindOf(resolveSources(file, {}), 'read');
    });
    expect(kinds).toEqual(['allow', 'log']);
  });

  test('that can’t be combined have an error each time that their policy is read, and flags', () => {
    const long = (first: number) => ({
      defaultAction: 'SCMP_ACT_ERRNO',
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      syscalls: Array.from({ length: 150 }, (_, i) => ({
        names: ['personality'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value: (first + 2 * i) * 4, op: 'SCMP_CMP_EQ' }],
      })),
    });
    const sources = resolveSources([long(0), long(1)], {});
    expect([sources.each.length, sources.flags]).toEqual([2, ['LOG']]);
    const errors = [0, 1].map(() => {
      try {
        return sources.policy;
      } catch (error) {
        return error;
      }
    });
    expect(errors).toEqual(Array(2).fill(expect.objectContaining({ code: 'ERR_SECCOMP_TOO_LARGE' })));
    expect(errors[0]).not.toBe(errors[1]);
  });
});

describe('no source is', () => {
  test.each([
    [undefined, 'ERR_INVALID_ARG_TYPE', 'undefined'],
    [null, 'ERR_INVALID_ARG_TYPE', 'null'],
    [false, 'ERR_INVALID_ARG_TYPE', 'false'],
    ['', 'ERR_INVALID_ARG_VALUE', "''"],
    [[], 'ERR_INVALID_ARG_VALUE', '[]'],
  ])('%o, alone or in a list', (value, code, shown) => {
    const refused = (name: string, call: () => unknown) => {
      expect(call).toThrow(expect.objectContaining({ code }));
      expect(call).toThrow(`The "${name}" argument is missing: a profile is required: give a built-in`);
      expect(call).toThrow(`'unconfined' filters nothing. Received ${shown}`);
    };
    refused('profile', () => resolveSources(value, {}));
    refused('source', () => resolveSources(value, {}, undefined, 'source'));
    if (Array.isArray(value)) return;
    refused('profile[1]', () => resolveSources(['node', value], {}));
    refused('profile[0]', () => resolveSources([value, 'node', value], {}));
  });

  test.each([0, 5, true, Symbol('x')])('%o', (value) => {
    expect(() => resolveSources(value, {})).toThrow(/"profile" argument must be a built-in's name, .*, a Filter, or a/);
    expect(() => resolveSources([ALLOW, value], {}, undefined, 'source')).toThrow(/"source\[1\]" argument must be a/);
  });

  test('a list with a getter, or of a class of its own', () => {
    const list = Object.defineProperty([ALLOW], 0, { get: () => ALLOW });
    expect(() => resolveSources(list, {})).toThrow('profile[0]: is a getter');
    expect(() => resolveSources(new (class extends Array<unknown> {})(ALLOW), {})).toThrow(
      /profile: must be an array, not/,
    );
  });
});
