import { RunError } from 'seccomp';
import { profile, runOffline } from './app';

test('runs a program', async () => {
  const { stdout } = await runOffline('echo', ['hello']);
  expect(stdout).toBe('hello\n');
});

test('throws errors of the classes that the package exports', async () => {
  await expect(runOffline('false', [])).rejects.toThrow(RunError);
});

test('has typed matchers', async () => {
  expect(profile).toDenySyscall('socket', { errno: 'EACCES' });
  await expect(['true']).toRunUnder(profile);
  // @ts-expect-error not the name of a syscall
  const wrong = () => expect(profile).toDenySyscall('sokcet');
  expect(wrong).toThrow('sokcet');
});
