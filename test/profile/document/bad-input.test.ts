/** Each mistake in a profile is an error with the problem, its position and the remedy. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ProfileError, SeccompError } from '../../../lib/errors.js';
import { type Host, resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile, parseProfile } from '../../../lib/profile/source.js';

const host: Host = { abi: 'x86_64', kernel: { major: 6, minor: 12 }, capabilities: new Set() };

function failure(work: () => unknown): SeccompError {
  try {
    work();
  } catch (error) {
    if (error instanceof SeccompError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** What a text is refused for, as `path at line:column: message`. */
function issues(text: string): readonly string[] {
  const error = failure(() => {
    const profile = parseProfile(text);
    return resolve(profile, host);
  });
  expect(error).toBeInstanceOf(ProfileError);
  expect(error.code).toBe('ERR_SECCOMP_PROFILE');
  return error instanceof ProfileError
    ? error.issues.map((i) => `${i.path} at ${i.line}:${i.column}: ${i.message}`)
    : [];
}

const rule = (text: string) => `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [\n${text}\n]}`;
const argument = (text: string) => rule(`{"names": ["brk"], "action": "SCMP_ACT_ALLOW", "args": [\n${text}\n]}`);

describe('a profile is refused for', () => {
  test.each([
    ['broken JSON', '{\n  "defaultAction": "SCMP_ACT_ALLOW",\n}', / at 3:1: this is not JSON/],
    ['text after the document', '{"defaultAction": "SCMP_ACT_ALLOW"} x', / at 1:37: this is not JSON/],
    ['a comment', '{"defaultAction": "SCMP_ACT_ALLOW" // all\n}', / at 1:36: this is not JSON/],
    ['nothing at all', '{', /this is not JSON/],
    ['nesting without end', '['.repeat(100_000), /nested more than 10000 levels deep/],
    ['no default action', '{}', /defaultAction at 1:1: is missing: defaultAction/],
    [
      'an unknown action',
      '{\n "defaultAction": "SCMP_ACT_ALOW"\n}',
      /defaultAction at 2:2: unknown action "SCMP_ACT_ALOW" \(did you mean SCMP_ACT_ALLOW\?\)/,
    ],
    [
      'an unknown action of a rule',
      rule('{"names": ["read"], "action": "ALLOW"}'),
      /syscalls\[0\]\.action at 2:21: unknown action "ALLOW"/,
    ],
    [
      'an unknown operator',
      argument('{"index": 0, "value": 1, "op": "SCMP_CMP_EQL"}'),
      /syscalls\[0\]\.args\[0\]\.op at 3:26: unknown operator "SCMP_CMP_EQL" \(did you mean SCMP_CMP_EQ\?\)/,
    ],
    [
      'an unknown architecture',
      '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_AMD64"]}',
      /architectures\[0\] at 1:55: unknown architecture "SCMP_ARCH_AMD64"/,
    ],
    ['an action that is an object', '{"defaultAction": {}}', /defaultAction at 1:2: must be a string/],
    [
      'a mistake in what names begin with',
      '{"defaultAction": "SCMP_ACxT_ALLOW"}',
      /unknown action "SCMP_ACxT_ALLOW" \(did you mean SCMP_ACT_ALLOW\?\)/,
    ],
    [
      'numbers in place of objects',
      rule('{"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": 1.5, "args": [1.5]}'),
      /syscalls\[0\]\.includes at 2:49: must be an object[\s\S]*syscalls\[0\]\.args\[0\] at 2:75: must be an object/,
    ],
    [
      'two letters that have changed places',
      rule('{"names": ["raed"], "action": "SCMP_ACT_KILL", "args": [{"index": 0, "valeu": 0}]}'),
      /unknown syscall "raed" \(did you mean read\?\)[\s\S]*unknown key "valeu" \(did you mean value\?\)/,
    ],
    [
      'an unknown arch in a condition',
      rule('{"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["x86_64"]}}'),
      /includes\.arches\[0\].*unknown architecture "x86_64"/,
    ],
    [
      'an unknown capability',
      rule('{"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYSADMIN"]}}'),
      /includes\.caps\[0\].*did you mean CAP_SYS_ADMIN/,
    ],
    [
      'a kernel version that is none',
      rule('{"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4"}}'),
      /minKernel.*"4" is not a kernel version/,
    ],
    [
      'an unknown key',
      rule('{"names": ["read"], "acton": "SCMP_ACT_ALLOW", "action": "SCMP_ACT_ALLOW"}'),
      /syscalls\[0\]\.acton at 2:21: unknown key "acton" \(did you mean action\?\)/,
    ],
    [
      'a key given twice',
      '{"defaultAction": "SCMP_ACT_ALLOW", "defaultAction": "SCMP_ACT_ALLOW"}',
      /defaultAction at 1:37: the key "defaultAction" is repeated/,
    ],
    ['a __proto__ key', '{"defaultAction": "SCMP_ACT_ALLOW", "__proto__": {}}', /unknown key "__proto__"/],
    [
      'an argument index above 5',
      argument('{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}'),
      /syscalls\[0\]\.args\[0\]\.index at 3:2: 6 is out of range: an argument index is 0 to 5/,
    ],
    [
      'a value above 64 bits',
      argument('{"index": 0, "value": 18446744073709551616, "op": "SCMP_CMP_EQ"}'),
      /args\[0\]\.value at 3:14: 18446744073709551616 is out of range: a 64-bit value is 0 to 18446744073709551615/,
    ],
    [
      'a negative value',
      argument('{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}'),
      /args\[0\]\.value at 3:14: -1 must be an unsigned integer/,
    ],
    ['a fraction', argument('{"index": 0, "value": 1.5, "op": "SCMP_CMP_EQ"}'), /1\.5 must be an unsigned integer/],
    ['an exponent', argument('{"index": 0, "value": 1e3, "op": "SCMP_CMP_EQ"}'), /1e3 must be an unsigned integer/],
    [
      'a value as text',
      argument('{"index": 0, "value": "1", "op": "SCMP_CMP_EQ"}'),
      /args\[0\]\.value.*must be an unsigned integer/,
    ],
    [
      'an errno above 4094',
      rule('{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4095}'),
      /errnoRet at 2:49: 4095 is out of range: it must be from 0 to 4094/,
    ],
    [
      'an errno of an action that has none',
      rule('{"names": ["read"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1}'),
      /errnoRet at 2:49: SCMP_ACT_ALLOW returns no errno/,
    ],
    [
      'names that are no list',
      rule('{"names": "read", "action": "SCMP_ACT_ALLOW"}'),
      /syscalls\[0\]\.names at 2:2: must be an array of strings/,
    ],
    [
      'one argument compared twice',
      argument('{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_NE"}'),
      /args\[1\]\.index.*compared twice in one rule: to mean alternatives, write two rules/,
    ],
    [
      'a value wider than what the kernel reads',
      rule(
        '{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 4294967296, "op": "SCMP_CMP_EQ"}]}',
      ),
      /4294967296 does not fit: on x86_64 the kernel reads 32 bits of argument 0 of socket, so the largest value is 4294967295/,
    ],
    [
      'architectures beside archMap',
      '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "archMap": [{"architecture": "SCMP_ARCH_X86_64"}]}',
      /archMap at 1:73: cannot be combined with architectures/,
    ],
    ['being an array', '[]', / at 1:1: must be an object/],
  ])('%s', (_, text, expected) => {
    expect(issues(text).join('\n')).toMatch(expected);
  });

  test('reports all errors at once', () => {
    const text = '{"defaultAction": "ALLOW", "more": 1, "other": 2, "syscalls": [{"names": [1], "action": "NO"}]}';
    expect(issues(text).map((issue) => issue.split(' at ')[0])).toEqual(
      expect.arrayContaining(['defaultAction', 'more', 'other', 'syscalls[0].names[0]', 'syscalls[0].action']),
    );
  });
});

describe('numbers', () => {
  test('above 2⁵³ are exact', () => {
    const profile = parseProfile(
      argument('{"index": 0, "value": 18446744073709551615, "valueTwo": 9007199254740993, "op": "SCMP_CMP_MASKED_EQ"}'),
    );
    expect(profile.document.syscalls?.[0]?.args?.[0]).toMatchObject({
      value: 18446744073709551615n,
      valueTwo: 9007199254740993n,
    });
    expect(resolve(profile, host).abis[0]?.syscalls.get(12)?.[0]?.conditions).toEqual([
      { index: 0, width: 64, op: 'masked-eq', mask: 18446744073709551615n, value: 9007199254740993n },
    ]);
  });
});

describe('a source that can’t be found', () => {
  test('a built-in that does not exist, with the nearest name', () => {
    const error = failure(() => loadProfile('docker-defualt'));
    expect(error).toMatchObject({
      code: 'ERR_SECCOMP_BUILTIN',
      message: expect.stringContaining('did you mean docker-default?'),
    });
  });

  test('a missing file, with its name and the reason', () => {
    const error = failure(() => loadProfile('./nowhere.json'));
    expect(error).toMatchObject({
      code: 'ERR_SECCOMP_FILE',
      message: expect.stringMatching(/^\.\/nowhere\.json: .*ENOENT/),
    });
  });

  test('a value that is not a profile', () => {
    const source: unknown = 5;
    const load: (source: unknown) => unknown = loadProfile as (source: unknown) => unknown;
    expect(() => load(source)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
  });
});

test('errors of a file have its name, line and column', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'seccomp-')), 'p.json');
  writeFileSync(file, '{\n  "defaultAction": "SCMP_ACT_NO"\n}');
  expect(failure(() => loadProfile(file)).message).toMatch(
    new RegExp(`^${file}:2:3: defaultAction: unknown action "SCMP_ACT_NO"`),
  );
  expect(failure(() => loadProfile(new URL(`file://${file}`))).message).toMatch(/p\.json:2:3: defaultAction/);
});
