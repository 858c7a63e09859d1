// Proves that profile.json fits app.mjs, and that it stops what the app must not do.
import { RunError, run } from 'seccomp';
import { expect, test } from 'vitest';
import 'seccomp/testing/vitest';

const profile = './profile.json';
const node = process.execPath;

test('the app does its work', async () => {
  await expect([node, 'app.mjs', 'profile.json']).toRunUnder(profile);
});

test('the kernel denies the network, other programs and debuggers', () => {
  expect(profile).toDenySyscall(['socket', 'execve'], { errno: 'EACCES' });
  expect(profile).toDenySyscall(['ptrace', 'mount'], { errno: 'EPERM' });
  expect(profile).toAllowSyscall(['openat', 'read', 'write']);
});

test('an app that was taken over reaches no server', async () => {
  const attack = "require('net').connect(80, '127.0.0.1')";
  const error = await run(node, ['-e', attack], profile, { onViolation: true }).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(RunError);
  expect(error).toMatchObject({ violations: expect.arrayContaining([expect.objectContaining({ syscall: 'socket' })]) });
});
