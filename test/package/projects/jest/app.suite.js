const { once } = require('node:events');
const { profile, runOffline, seccomp, startOffline } = require('./app');

const connect = "require('net').connect(1, '127.0.0.1').on('error', ({ code }) => console.log(code))";

test('runs a program', async () => {
  const { stdout } = await runOffline('echo', ['hello']);
  expect(stdout).toBe('hello\n');
});

test('denies a call', async () => {
  const { stdout } = await runOffline(process.execPath, ['-e', connect]);
  expect(stdout).toBe('EACCES\n');
});

test('receives violations', async () => {
  const { violations } = await runOffline(process.execPath, ['-e', connect], { onViolation: true });
  expect(violations).toContainEqual(expect.objectContaining({ syscall: 'socket' }));
});

test('throws errors of the classes that the package exports', async () => {
  await expect(runOffline('false', [])).rejects.toThrow(seccomp.RunError);
  expect(() => seccomp.compile('no-such-profile')).toThrow(seccomp.SeccompError);
  expect(() => seccomp.compile('./no-such-file.json')).toThrow(seccomp.SeccompError);
  expect(() => seccomp.compile('{"defaultAction":"ALLOW"}')).toThrow(seccomp.ProfileError);
});

test('reports a program that does not exist', async () => {
  const [error] = await once(startOffline('no-such-program', []), 'error').catch((error) => [error]);
  expect(error).toMatchObject({ code: 'ENOENT', syscall: 'spawn no-such-program' });
});

test('has matchers', async () => {
  expect(profile).toDenySyscall('socket', { errno: 'EACCES' });
  expect(profile).toAllowSyscall(['read', 'write']);
  await expect(['true']).toRunUnder(profile);
});
