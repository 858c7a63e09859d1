import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertAllowed, assertDenied, assertMakesNoDeniedCalls, assertRunsUnder } from 'seccomp/testing';

const profile = fileURLToPath(new URL('profile.json', import.meta.url));

test('a call is denied', () => assertDenied(profile, 'mount'));
test('with its errno', () =>
  assertDenied(profile, ['mount', { syscall: 'socket', args: [1, 1] }], { errno: 'EACCES' }));
test('a call is allowed', () => assertAllowed(profile, ['openat', 'read']));
test('a group is denied', () => assertDenied('docker-default', '@mount'));
test('a program runs', () => assertRunsUnder(['true'], profile));
test('no call is denied', () => assertMakesNoDeniedCalls(['true'], profile));
test('FAILS denied: it is allowed', () => assertDenied(profile, 'read'));
test('FAILS errno: it is another one', () => assertDenied(profile, 'mount', { errno: 'EPERM' }));
test('FAILS allowed: it is denied', () => assertAllowed(profile, ['read', 'mount']));
test('FAILS runs: it does not', () => assertRunsUnder(['sh', '-c', 'echo reason >&2; exit 3'], profile));
test('FAILS no call is denied: one is', () => {
  const script = "require('net').connect(80, '127.0.0.1').on('error', () => {})";
  return assertMakesNoDeniedCalls([process.execPath, '-e', script], profile);
});
