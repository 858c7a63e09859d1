/** The fields that each format reads and ignores, and how strict and compat judge a document. */
import { describe, expect, test } from 'vitest';
import { checkProfile } from '../../../lib/analysis/check.js';
import type { ProfileOptions } from '../../../lib/profile/document/options.js';
import { stringify } from '../../../lib/profile/profile.js';
import { type Host, resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile, parseProfile } from '../../../lib/profile/source.js';
import { ALLOW, COMPAT, DENY, found, foundInRule, inWords } from '../../support/found.js';

describe('the format', () => {
  const rule = (fields: string) => `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{${ALLOW}, ${fields}}]}`;
  test.each([
    ['docker, by default', '{"defaultAction": "SCMP_ACT_ERRNO"}', 'docker'],
    ['docker, by a minKernel', rule('"includes": {"minKernel": "4.8"}'), 'docker'],
    ['podman, by an errno that is a name', rule('"errno": ""'), 'podman'],
    [
      'podman, by a default errno that is a name',
      '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "EIO"}',
      'podman',
    ],
    ['oci, by a whole config.json', '{"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ERRNO"}}}', 'oci'],
  ])('is %s', (_, text, format) => {
    expect(parseProfile(text, COMPAT).format).toBe(format);
  });

  test('is that of the option format', () => {
    expect(parseProfile(rule('"comment": ""'), { format: 'oci' }).format).toBe('oci');
  });
});

describe('a config.json', () => {
  test('is read for its linux.seccomp, and paths are those of the file', () => {
    const text = '{"ociVersion": "1.2.0",\n"linux": {"seccomp": {"defaultAction": "SCMP_ACT_NO"}}}';
    expect(checkProfile(text)).toMatchObject([{ path: 'linux.seccomp.defaultAction', line: 2, column: 23 }]);
  });

  test('without linux.seccomp is refused in strict mode, and filters nothing in compat mode', () => {
    const text = '{"ociVersion": "1.2.0", "linux": {}}';
    expect(found(text)).toEqual([expect.stringMatching(/^error linux\.seccomp\.defaultAction: .*use unconfined$/)]);
    expect(loadProfile(text, COMPAT).isUnconfined).toBe(true);
  });

  test.each(['"x"', '[]', '1'])('whose linux is %s is refused', (linux) => {
    const text = `{"ociVersion": "1.2.0", "linux": ${linux}}`;
    expect(found(text)).toEqual(['error linux: must be an object']);
    expect(found(text, COMPAT)).toEqual(['error linux: must be an object']);
  });
});

test('a Kubernetes manifest is not taken for a document that filters nothing', () => {
  const text = '{"apiVersion": "v1", "kind": "SeccompProfile", "spec": {"defaultAction": "SCMP_ACT_ERRNO"}}';
  const expected = 'error spec: this is a Kubernetes manifest: pass the value of spec as the document';
  expect(found(text)).toEqual([expected]);
  expect(found(text, COMPAT)).toEqual([expected]);
});

test('of keys that differ in case, the last one tells what a document is', () => {
  const manifest = (keys: string) =>
    checkProfile(`{${keys}, "spec": {}}`).some(({ message }) => /manifest/.test(message));
  expect(manifest('"kind": 1, "Kind": "Pod"')).toBe(true);
  expect(manifest('"Kind": "Pod", "kind": 1')).toBe(false);
  expect(manifest('"kind": "Pod", "kinds": 1')).toBe(true);
});

describe('name together with names, in a Podman profile,', () => {
  const rule = `{${ALLOW}, "name": "write", "includes": {"caps": ["CAP_CHOWN"]}}`;
  const text = `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [${rule}]}`;
  const podman: ProfileOptions = { mode: 'compat', format: 'podman' };
  const host = (capability: readonly string[]): Host => ({
    abi: 'x86_64',
    kernel: { major: 6, minor: 1 },
    capabilities: new Set(capability),
  });

  test('is an error only in a rule that applies', () => {
    expect(found(text, { format: 'podman' })).toEqual([expect.stringMatching(/^error syscalls\[0\]\.name: /)]);
    const profile = parseProfile(text, podman);
    expect(resolve(profile, host([])).abis[0]?.syscalls.size).toBe(0);
    expect(() => resolve(profile, host(['CAP_CHOWN']))).toThrow(
      /syscalls\[0\]\.name.*: cannot be combined with names: Podman/,
    );
  });

  test('is written unchanged', () => {
    const profile = parseProfile(text, podman);
    expect(parseProfile(stringify(profile), podman).document).toEqual(profile.document);
    expect(stringify(profile)).toContain('"name": "write"');
  });
});

describe('a suggestion ignores', () => {
  test.each([
    ['case', '"names": ["Read"], "action": "SCMP_ACT_ALLOW"', 'read'],
    ["the kernel's prefix", '"names": ["__NR_read"], "action": "SCMP_ACT_ALLOW"', 'read'],
    ["the prefix of the kernel's functions", '"names": ["sys_read"], "action": "SCMP_ACT_ALLOW"', 'read'],
    ['the case of an action', '"names": ["read"], "action": "scmp_act_allow"', 'SCMP_ACT_ALLOW'],
    ['a longer name', `${ALLOW}, "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQUAL"}]`, 'SCMP_CMP_EQ'],
    ["Debian's name of an architecture", `${ALLOW}, "includes": {"arches": ["x86_64"]}`, 'amd64'],
  ])('%s', (_, rule, expected) => {
    expect(foundInRule(rule)).toEqual([expect.stringContaining(` (did you mean ${expected}?)`)]);
  });

  test('an architecture', () => {
    const text = (name: string) => `{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["${name}"]}`;
    expect(found(text('x86_64'))[0]).toMatch(/\(did you mean SCMP_ARCH_X86_64\?\)$/);
    expect(found(text('SCMP_ARCH_AMD64'))[0]).toMatch(/\(did you mean SCMP_ARCH_X86_64\?\)$/);
    expect(found(text('SCMP_ARCH_NATIVE'))).toEqual([
      'error architectures[0]: unknown architecture "SCMP_ARCH_NATIVE"',
    ]);
  });
});

test('an inexact number has another message than a value that is not a number', () => {
  const args = (value: number) => [{ index: 0, value, op: 'SCMP_CMP_EQ' }] as const;
  const rule = (value: number) => ({ names: ['brk'], action: 'SCMP_ACT_ALLOW', args: args(value) }) as const;
  const said = (value: number) =>
    checkProfile({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [rule(value)] }).map(({ message }) => message);
  expect(said(2 ** 53)).toEqual(['9007199254740992 is too large for an exact number: use a bigint']);
  expect(said(-1)).toEqual(['-1 must be an unsigned integer: a 64-bit value']);
  expect(said(2 ** 53 - 1)).toEqual([]);
});

test('the message for a null names it null', () => {
  expect(foundInRule('"names": ["read"], "action": null')).toEqual(['error syscalls[0].action: unknown action null']);
});

describe('a document with neither a default action nor rules', () => {
  test.each(['{}', '{"defaultAction": "", "syscalls": []}', '{"syscalls": null}'])('%s', (text) => {
    expect(found(text)).toEqual([expect.stringMatching(/^error defaultAction: is missing/)]);
    for (const { isUnconfined, warnings } of [loadProfile(text, COMPAT), parseProfile(text, COMPAT)]) {
      expect(isUnconfined).toBe(true);
      expect(warnings).toMatchObject([{ path: 'defaultAction' }]);
    }
  });

  test('is refused if it has rules', () => {
    expect(found(`{"syscalls": [{${ALLOW}}]}`, COMPAT)).toEqual(['error defaultAction: is missing: defaultAction']);
  });
});

describe('fields that a format ignores', () => {
  test.each<[string, ProfileOptions['format'], string, string]>([
    [
      'includes, in OCI',
      'oci',
      `${ALLOW}, "includes": {"caps": ["CAP_CHOWN"]}`,
      'error syscalls[0].includes: is ignored in this format: the rule applies on every host',
    ],
    [
      'excludes, in OCI',
      'oci',
      `${ALLOW}, "excludes": {"arches": ["amd64"]}`,
      'error syscalls[0].excludes: is ignored in this format: the rule applies on every host',
    ],
    [
      'includes of what is denied, in OCI',
      'oci',
      `${DENY}, "includes": {"caps": ["CAP_CHOWN"]}`,
      'warning syscalls[0].includes: is ignored in this format: the rule applies on every host',
    ],
    [
      'includes that ask for nothing, in OCI',
      'oci',
      `${ALLOW}, "includes": {}`,
      'warning syscalls[0].includes: is ignored in this format: the rule applies on every host',
    ],
    [
      'a name that denies, in OCI',
      'oci',
      `${DENY}, "name": "write"`,
      'error syscalls[0].name: is ignored in this format: use names',
    ],
    [
      'a name that allows, in OCI',
      'oci',
      `${ALLOW}, "name": "write"`,
      'warning syscalls[0].name: is ignored in this format: use names',
    ],
    [
      'an errno by name, in OCI',
      'oci',
      `${DENY}, "errno": "EIO"`,
      'warning syscalls[0].errno: is ignored in this format: use errnoRet or defaultErrnoRet',
    ],
    [
      'an errno by name, in Docker’s',
      'docker',
      `${DENY}, "errno": "EIO"`,
      'warning syscalls[0].errno: is ignored in this format: use errnoRet or defaultErrnoRet',
    ],
    [
      'minKernel of what is allowed, in Podman’s',
      'podman',
      `${ALLOW}, "includes": {"minKernel": "4.8"}`,
      'error syscalls[0].includes.minKernel: is ignored in this format: the rule applies on every kernel',
    ],
    [
      'minKernel of what is denied, in Podman’s',
      'podman',
      `${DENY}, "includes": {"minKernel": "4.8"}`,
      'warning syscalls[0].includes.minKernel: is ignored in this format: the rule applies on every kernel',
    ],
  ])('%s', (_, format = 'docker', rule, expected) => {
    expect(foundInRule(rule, { format })).toEqual([expected]);
    expect(foundInRule(rule, { format, mode: 'compat' })).toEqual([expected.replace('error', 'warning')]);
    const { document } = parseProfile(`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{${rule}}]}`, {
      format,
      mode: 'compat',
    });
    expect(document.syscalls[0]).toMatchObject({ names: ['read'] });
    expect(JSON.stringify(document.syscalls[0])).not.toMatch(/caps|minKernel|write/);
  });

  test('archMap, in OCI', () => {
    const text = '{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [{"architecture": "SCMP_ARCH_X86_64"}]}';
    expect(found(text, { format: 'oci' })).toEqual([expect.stringMatching(/^warning archMap: is ignored/)]);
    expect(parseProfile(text, { format: 'oci' }).document.archMap).toBeUndefined();
  });
});

describe('fields', () => {
  const documentOf = (text: string, options: ProfileOptions = {}) => parseProfile(text, options).document;

  test('the older field name becomes an element of names', () => {
    const text =
      '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "read", "names": null, "action": "SCMP_ACT_ALLOW"}]}';
    expect(documentOf(text).syscalls[0]?.names).toEqual(['read']);
  });

  test('errnos by name or in decimal take precedence over numbers', () => {
    const rule = (fields: string) => `{${DENY}, ${fields}}`;
    const text = `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOSYS", "syscalls": [${[
      rule('"errno": "EACCES", "errnoRet": 1'),
      rule('"errno": "13"'),
      rule('"errno": "", "errnoRet": 2'),
    ]}]}`;
    const profile = parseProfile(text);
    expect(profile.document.defaultErrnoRet).toBe(38);
    expect(profile.document.syscalls.map(({ errnoRet }) => errnoRet)).toEqual([13, 13, 2]);
    expect(profile.warnings.map(inWords)).toEqual([
      'warning syscalls[0].errno: "EACCES" takes precedence over errnoRet 1: keep one of them',
    ]);
  });

  test('flags and listenerPath are kept', () => {
    const fields = { flags: ['SECCOMP_FILTER_FLAG_LOG'], listenerPath: '/run/agent.sock', listenerMetadata: 'x' };
    expect(documentOf(JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', ...fields }))).toMatchObject(fields);
  });

  test('an errno is kept in 16 bits, as in runc, and dropped if the action has none', () => {
    const rules = [`{${DENY}, "errnoRet": 65537}`, `{${ALLOW}, "errnoRet": 1}`];
    const text = `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [${rules}]}`;
    expect(documentOf(text, COMPAT).syscalls.map(({ errnoRet }) => errnoRet)).toEqual([1, undefined]);
  });

  test('keys are matched as in Go, including the Kelvin sign and the long s', () => {
    const text =
      '{"DEFAULTACTION": "SCMP_ACT_ERRNO", "\u017Fy\u017Fcalls": [{"names": ["read"], "action": "SCMP_ACT_LOG", "includes": {"min\u212Aernel": "4.8"}}]}';
    expect(documentOf(text).syscalls).toMatchObject([{ names: ['read'], includes: { minKernel: '4.8' } }]);
  });

  test('every kernel meets an empty version', () => {
    const text = `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{${ALLOW}, "includes": {"minKernel": ""}}]}`;
    expect(documentOf(text).syscalls[0]?.includes?.minKernel).toBe('0.0');
  });
});

test('all diagnostics are reported at once, in the order of the text, and the message has the errors', () => {
  const rule = '{"names": ["raed"], "action": "SCMP_ACT_ALLOW", "arg": 1},\n{"name": "x", "action": "NO"}';
  const text = `{"defaultActoin": "SCMP_ACT_ERRNO",\n"syscalls": [\n${rule}]}`;
  const issues = checkProfile(text);
  expect(issues.map(({ line, severity }) => `${line} ${severity}`)).toEqual([
    '1 error',
    '1 error',
    '3 warning',
    '3 error',
    '4 error',
    '4 error',
  ]);
  expect(() => parseProfile(text, { source: 'p.json' })).toThrow(
    expect.objectContaining({
      issues,
      message: expect.stringMatching(/^(p\.json:\d+:\d+: .*\n){5}p\.json: and 1 warning$/),
    }),
  );
});
