/** Suggestions for unknown names of groups and errnos. */
import { expect, test } from 'vitest';
import { Profile } from '../../lib/profile/profile.js';
import { groupNames } from '../../lib/syscalls/groups.js';
import { suggest } from '../../lib/util/suggest.js';

test('for a group: the only one with this prefix', () => {
  expect(suggest('@net', groupNames())).toBe(' (did you mean @network?)');
  expect(suggest('@file', groupNames())).toBe(''); // Three begin so.
});

/** Returns the name in a suggestion; empty if there is none. */
const suggested = (text: string) => /\(did you mean (.*)\?\)/.exec(text)?.[1] ?? '';

/** Names of several kinds, each tested with the names in both orders. */
test.each<[string, readonly string[], string]>([
  ['allow', ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'], 'SCMP_ACT_ALLOW'],
  ['eq', ['SCMP_CMP_EQ', 'SCMP_CMP_NE'], 'SCMP_CMP_EQ'],
  ['X86', ['SCMP_ARCH_X86', 'SCMP_ARCH_X86_64'], 'SCMP_ARCH_X86'],
  ['scmp_act_log', ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'], 'SCMP_ACT_LOG'],
  ['chown', ['CAP_CHOWN', 'CAP_KILL'], 'CAP_CHOWN'],
  ['__NR_read', ['read', 'write'], 'read'],
  ['sys_read', ['read', 'write'], 'read'],
  ['log', ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC'], 'SECCOMP_FILTER_FLAG_LOG'],
  ['amd64', ['x86', 'x86_64', 'aarch64'], 'x86_64'],
  ['x86_64', ['amd64', 'arm64'], 'amd64'],
  ['arm64', ['x86_64', 'aarch64', 'arm'], 'aarch64'],
  ['aarch64', ['amd64', 'arm64'], 'arm64'],
  ['i386', ['x86', 'x86_64'], 'x86'],
  // Two letters that are transposed come before a name that is as near.
  ['wirte', ['wite', 'write'], 'write'],
  ['ab', ['ba', 'xy'], 'ba'],
  // Beginnings, of three letters at least, of one name only.
  ['net', ['network', 'process'], 'network'],
  ['ne', ['network', 'process'], ''],
  ['netw', ['network', 'networking'], ''],
  // What begins with a name.
  ['readable_file', ['read', 'write'], 'read'],
  // A mistake in the prefix.
  ['SCMP_ATC_LOG', ['SCMP_ACT_LOG'], 'SCMP_ACT_LOG'],
  ['SMP_AT_LOG', ['SCMP_ACT_LOG'], 'SCMP_ACT_LOG'],
  ['SMP_AT_OG', ['SCMP_ACT_LOG'], ''],
  // A third of the letters may differ, half of those after a prefix, and one in a short name, but not all.
  ['abcdxx', ['abcdef'], 'abcdef'],
  ['abcxxx', ['abcdef'], ''],
  ['abx', ['abc'], 'abc'],
  ['axx', ['abc'], ''],
  ['x', ['a'], ''],
  ['ax', ['ab'], 'ab'],
  ['xb', ['SCMP_ACT_ab'], 'SCMP_ACT_ab'],
  ['xy', ['SCMP_ACT_ab'], ''],
  ['axx', ['SCMP_ACT_abc'], 'SCMP_ACT_abc'],
  ['xxx', ['SCMP_ACT_abc'], ''],
  ['unlike', ['read', 'write'], ''],
])('for %j among %j: %j', (input, names, expected) => {
  expect(suggested(suggest(input, names))).toBe(expected);
  expect(suggested(suggest(input, names.toReversed()))).toBe(expected);
});

test('there is none for a value that is not a text, for a long text, or without names', () => {
  expect(suggest(5, ['5'])).toBe('');
  expect(suggest('read', [])).toBe('');
  const name = 'x'.repeat(100);
  expect(suggested(suggest(`${name.slice(1)}y`, [name]))).toBe(name);
  expect(suggest(`${name}y`, [name])).toBe('');
});

test('the last answer is that of its text and its names', () => {
  const [first, second] = [['read'], ['raed']];
  expect(suggested(suggest('raed', first))).toBe('read');
  expect(suggested(suggest('raed', second))).toBe('raed');
  expect(suggested(suggest('rdea', second))).toBe('');
  expect(suggested(suggest('raed', second))).toBe('raed');
});

test.each([
  ['EACESS', 'EACCES'],
  ['EPREM', 'EPERM'],
])('for an errno: %s is %s', (errno, expected) => {
  const deny = () => Profile.denylist().deny('mount', { errno: errno as 'EPERM' });
  expect(deny).toThrow(`"${errno}" is not an errno (did you mean ${expected}?)`);
});
