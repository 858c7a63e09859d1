/** The messages of assertions: which calls they name, and the errnos that options.errno may be. */
import { expect, test } from 'vitest';
import { allowed, denied } from '../../lib/testing/assertions.js';
import { runs } from '../../lib/testing/programs.js';

const calls = (count: number) => Array<string>(count).fill('mount');

test('ten calls are named, and further ones are counted', () => {
  const wrong = (count: number) => allowed('compute', calls(count) as 'mount'[]);
  const named = (count: number) => Array(count).fill('mount is denied with EPERM').join(', ');
  expect(wrong(10)).toEqual({ holds: false, message: `${named(10)}; should be allowed` });
  expect(wrong(11)).toEqual({ holds: false, message: `${named(10)}, and 1 more; should be allowed` });
});

test('only the calls that are wrong are named; if none is, all are, for the negation', () => {
  expect(allowed('compute', ['mount', 'read'])).toEqual({
    ...{ holds: false, message: 'mount is denied with EPERM; should be allowed' },
  });
  expect(allowed('compute', ['read'])).toEqual({ holds: true, message: 'read is allowed; should not be allowed' });
  expect(denied('compute', ['mount', 'read'])).toEqual({
    ...{ holds: false, message: 'read is allowed; should be denied' },
  });
});

test('a denial may be required to have an errno, by its name or in digits', () => {
  const errno = (wanted: string) => denied('compute', 'mount', { errno: wanted });
  expect([errno('EPERM').holds, errno('1').holds, errno('ENOSYS').holds]).toEqual([true, true, false]);
  expect(errno('ENOSYS').message).toBe('mount is denied with EPERM; should be denied with ENOSYS');
  expect(errno('4095').holds).toBe(false);
  for (const wrong of ['4096', '0', '-1', '1.5', '0x1', '1e1', ' 1', 'EPREM', ''])
    expect(() => errno(wrong)).toThrow('is not an errno');
});

test('denied calls of a command are named, unless onViolation is false', async () => {
  const fails = (options?: { onViolation: boolean }) =>
    runs(['sh', '-c', 'unshare --user true; exit 1'], 'docker-default', options);
  expect((await fails()).message).toContain('denied: unshare(');
  expect((await fails({ onViolation: true })).message).toContain('denied: unshare(');
  expect((await fails({ onViolation: false })).message).not.toContain('denied: unshare(');
});
