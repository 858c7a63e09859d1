/** Suggestions for unknown names of groups and errnos. */
import { expect, test } from 'vitest';
import { Profile } from '../../lib/profile/profile.js';
import { groupNames } from '../../lib/syscalls/groups.js';
import { suggest } from '../../lib/util/suggest.js';

test('for a group: the only one with this prefix', () => {
  expect(suggest('@net', groupNames())).toBe(' (did you mean @network?)');
  expect(suggest('@file', groupNames())).toBe(''); // Three begin so.
});

test.each([
  ['EACESS', 'EACCES'],
  ['EPREM', 'EPERM'],
])('for an errno: %s is %s', (errno, expected) => {
  const deny = () => Profile.denylist().deny('mount', { errno: errno as 'EPERM' });
  expect(deny).toThrow(`"${errno}" is not an errno (did you mean ${expected}?)`);
});
