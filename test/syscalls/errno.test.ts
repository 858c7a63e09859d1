/** Errnos by name are the system's. */
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { ABIS } from '../../lib/syscalls/abi.js';
import { constantOn } from '../../lib/syscalls/constants.js';
import { EACCES, EINVAL, ENOSYS, EPERM, errnoName, errnoOn, errnos, MAX_ERRNO } from '../../lib/syscalls/errno.js';

// Node has the errnos of POSIX and some of Linux, with the numbers of the machine that it runs on.
const onGenericNumbers = process.platform === 'linux' && !['mips', 'mipsel', 'mips64el'].includes(process.arch);

test('every errno that Node knows has its number', ({ skip }) => {
  skip(!onGenericNumbers, 'needs Linux on another machine than a MIPS');
  const known = Object.entries(constants.errno);
  expect(known.length).toBeGreaterThan(70);
  expect(known.filter(([name, number]) => errnos().get(name) !== number)).toEqual([]);
});

test('two names of one number are the aliases that the headers define', () => {
  const aliases = [...errnos()].filter(
    ([name, number]) => [...errnos()].find(([, other]) => other === number)?.[0] !== name,
  );
  expect(aliases.map(([name]) => name)).toEqual(['EDEADLOCK', 'EWOULDBLOCK', 'ENOTSUP']);
});

test('the largest errno is the last number that the kernel takes for an error', () => {
  expect(MAX_ERRNO).toBe(4095);
});

test('a number has its first name, and one without a name is written as a number', () => {
  expect([1, 11, 10, 600].map(errnoName)).toEqual(['EPERM', 'EAGAIN', 'ECHILD', 'errno 600']);
});

test('errnos that differ between ABIs have the numbers of the generated table, and others one number', () => {
  for (const abi of ABIS.keys()) {
    for (const name of ['ENOSYS', 'EAFNOSUPPORT'] as const) expect(errnoOn(abi, name)).toBe(constantOn(abi, name));
    for (const [name, number] of Object.entries({ EPERM, EACCES, EINVAL })) expect(constantOn(abi, name)).toBe(number);
  }
  expect(constantOn('x86_64', 'ENOSYS')).toBe(ENOSYS);
});
