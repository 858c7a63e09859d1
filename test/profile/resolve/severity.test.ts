/** Which problems are errors, and which are warnings, in strict and in compat mode. */
import { describe, expect, test } from 'vitest';
import { parseProfile } from '../../../lib/profile/source.js';
import { ALLOW, COMPAT, DENY, found, foundInRule } from '../../support/found.js';

describe('a problem that runtimes refuse is an error in both modes:', () => {
  test.each([
    [
      'name beside names',
      foundInRule,
      `${ALLOW}, "name": "write"`,
      'syscalls[0].name: cannot be combined with names: use names alone',
    ],
    [
      'an empty name',
      foundInRule,
      '"names": [""], "action": "SCMP_ACT_ALLOW"',
      'syscalls[0].names[0]: an empty name: leave it out',
    ],
    ['a rule without action', foundInRule, '"names": ["read"]', 'syscalls[0].action: is missing: action'],
    [
      'an errno that libseccomp does not take',
      foundInRule,
      `${DENY}, "errnoRet": 4095`,
      'syscalls[0].errnoRet: 4095 is out of range: it must be from 0 to 4094',
    ],
    [
      'an errno that no one knows',
      foundInRule,
      `${DENY}, "errno": "ENOSSYS"`,
      'syscalls[0].errno: unknown errno "ENOSSYS" (did you mean ENOSYS?)',
    ],
    [
      'a version that is none',
      foundInRule,
      `${ALLOW}, "includes": {"minKernel": "0.0"}`,
      'syscalls[0].includes.minKernel: "0.0" is not a kernel version such as "4.8"',
    ],
    [
      'a version above 8 bits',
      foundInRule,
      `${ALLOW}, "includes": {"minKernel": "4.256"}`,
      'syscalls[0].includes.minKernel: "4.256" is not a kernel version such as "4.8"',
    ],
    ['a condition that is a list', foundInRule, `${ALLOW}, "includes": []`, 'syscalls[0].includes: must be an object'],
    [
      'an unknown flag',
      found,
      '{"defaultAction": "SCMP_ACT_ERRNO", "flags": ["SECCOMP_FILTER_FLAG_LOGS"]}',
      'flags[0]: unknown flag "SECCOMP_FILTER_FLAG_LOGS" (did you mean SECCOMP_FILTER_FLAG_LOG?)',
    ],
    [
      'architectures beside archMap',
      found,
      '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86"], "archMap": [{"architecture": "SCMP_ARCH_ARM"}]}',
      'archMap: cannot be combined with architectures: use one of the two',
    ],
  ])('%s', (_, look, text, expected) => {
    expect(look(text)).toEqual([`error ${expected}`]);
    expect(look(text, COMPAT)).toEqual([`error ${expected}`]);
  });
});

describe('a probable mistake is an error in strict mode, and a warning in compat mode:', () => {
  const arg = (fields: string) => `${ALLOW}, "args": [{${fields}}]`;
  test.each([
    ['an unknown key', `${ALLOW}, "arg": []`, 'syscalls[0].arg: unknown key "arg" (did you mean args?)'],
    [
      'an unknown capability',
      `${ALLOW}, "includes": {"caps": ["SYS_ADMIN"]}`,
      'syscalls[0].includes.caps[0]: unknown capability "SYS_ADMIN" (did you mean CAP_SYS_ADMIN?)',
    ],
    [
      'an unknown architecture in a condition',
      `${ALLOW}, "excludes": {"arches": ["amd"]}`,
      'syscalls[0].excludes.arches[0]: unknown architecture "amd"',
    ],
    [
      'an errno of an action that has none',
      `${ALLOW}, "errnoRet": 1`,
      'syscalls[0].errnoRet: SCMP_ACT_ALLOW returns no errno: leave it out',
    ],
    [
      'an errno that is cut',
      `${DENY}, "errnoRet": 65537`,
      'syscalls[0].errnoRet: 65537 is out of range: it must be from 0 to 4094; runtimes read 1',
    ],
    [
      'a denying rule without names',
      '"names": [], "action": "SCMP_ACT_ERRNO"',
      'syscalls[0]: names no syscall, so it has no effect',
    ],
    [
      'a denying rule that names an unknown syscall',
      '"names": ["opena"], "action": "SCMP_ACT_KILL"',
      'syscalls[0].names[0]: unknown syscall "opena" (did you mean open or openat?): Linux up to 7.3 lacks it, so it has no effect',
    ],
    [
      'a denying rule that counts on no kernel',
      `${DENY}, "excludes": {"minKernel": ""}`,
      'syscalls[0].excludes.minKernel: every kernel meets an empty version, so the rule never applies',
    ],
    ['the same key twice', `${ALLOW}, "action": "SCMP_ACT_ALLOW"`, 'syscalls[0].action: the key "action" is repeated'],
  ])('%s', (_, rule, expected) => {
    expect(foundInRule(rule)).toContainEqual(expect.stringContaining(`error ${expected}`));
    expect(foundInRule(rule, COMPAT)).toEqual([expect.stringContaining(`warning ${expected}`)]);
  });

  test('listenerMetadata without listenerPath', () => {
    const text = '{"defaultAction": "SCMP_ACT_ERRNO", "listenerMetadata": "x"}';
    const expected = 'listenerMetadata: has no effect without listenerPath';
    expect(found(text)).toEqual([`error ${expected}`]);
    expect(found(text, COMPAT)).toEqual([`warning ${expected}`]);
  });

  test('an argument without index and value, which Go reads as 0', () => {
    const rule = arg('"op": "SCMP_CMP_EQ"');
    expect(foundInRule(rule)).toEqual(
      ['index', 'value'].map((key) => `error syscalls[0].args[0].${key}: is missing: ${key}`),
    );
    const profile = parseProfile(`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{${rule}}]}`, COMPAT);
    expect(profile.document.syscalls[0]?.args).toEqual([{ index: 0, value: 0n, op: 'SCMP_CMP_EQ' }]);
    expect(profile.warnings).toHaveLength(2);
  });
});

describe('a harmless problem is a warning in both modes:', () => {
  test.each([
    [
      'an unknown syscall that is allowed',
      '"names": ["openaat"], "action": "SCMP_ACT_ALLOW"',
      'syscalls[0].names[0]: unknown syscall "openaat" (did you mean openat?): Linux up to 7.3 lacks it, so it has no effect',
    ],
    [
      'a key in another case',
      '"Names": ["read"], "action": "SCMP_ACT_ALLOW"',
      'syscalls[0].Names: "Names" is read as names: write names',
    ],
    [
      'an allowing rule without names',
      '"action": "SCMP_ACT_ALLOW"',
      'syscalls[0]: names no syscall, so it has no effect',
    ],
    [
      'errno 0',
      `${DENY}, "errnoRet": 0`,
      'syscalls[0].errnoRet: errno 0 makes the call appear to succeed, although it is not executed',
    ],
    [
      'a second value that no operator reads',
      `${ALLOW}, "args": [{"index": 0, "value": 1, "valueTwo": 2, "op": "SCMP_CMP_EQ"}]`,
      'syscalls[0].args[0].valueTwo: SCMP_CMP_EQ does not read it: only SCMP_CMP_MASKED_EQ has a second value',
    ],
    [
      'an empty version to include',
      `${ALLOW}, "includes": {"minKernel": ""}`,
      'syscalls[0].includes.minKernel: every kernel meets an empty version: leave it out',
    ],
  ])('%s', (_, rule, expected) => {
    expect(foundInRule(rule)).toEqual([`warning ${expected}`]);
    expect(foundInRule(rule, COMPAT)).toEqual([`warning ${expected}`]);
  });

  test('null, comments and $schema are accepted', () => {
    const text = '{"$schema": "s", "comment": "c", "defaultAction": "SCMP_ACT_ERRNO", "archMap": null, "flags": null}';
    expect(found(text)).toEqual([]);
    expect(
      foundInRule(`${ALLOW}, "args": null, "errnoRet": null, "comment": "c", "includes": null, "excludes": {}`),
    ).toEqual([]);
  });
});

test.each([
  ['SCMP_ACT_ALLOW', 'warning', 'error'],
  ['SCMP_ACT_LOG', 'warning', 'error'],
  ['SCMP_ACT_TRACE', 'error', 'error'],
  ['SCMP_ACT_NOTIFY', 'error', 'error'],
  ['SCMP_ACT_ERRNO', 'error', 'warning'],
  ['SCMP_ACT_TRAP', 'error', 'warning'],
  ['SCMP_ACT_KILL_PROCESS', 'error', 'warning'],
])('with %s, a rule that matches less than written is an %s, and one that matches more a %s', (action, less, more) => {
  const severities = (rule: string, options = {}) =>
    foundInRule(`${rule}, "action": "${action}"`, options).flatMap((each) =>
      /no effect|every host/.test(each) ? each.split(' ')[0] : [],
    );
  const unknown = '"names": ["openaat"]';
  const onHosts = '"names": ["read"], "includes": {"arches": ["amd64"]}';
  expect([severities(unknown), severities(unknown, COMPAT)]).toEqual([[less], ['warning']]);
  expect([severities(onHosts, { format: 'oci' }), severities(onHosts)]).toEqual([[more], []]);
});
