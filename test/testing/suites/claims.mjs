const CONNECT = "require('net').connect(80, '127.0.0.1')";
const HIDDEN = `${CONNECT}.on('error', () => {})`;

/** What the suites of Vitest and Jest claim alike, with the `expect` and the `test` of each. */
export function claims({ expect, test, profile }) {
  const passing = {
    'a call is denied': () => expect(profile).toDenySyscall('mount'),
    'with its errno': () =>
      expect(profile).toDenySyscall(['mount', { syscall: 'socket', args: [1, 1] }], { errno: 'EACCES' }),
    'a call is allowed': () => expect(profile).toAllowSyscall(['openat', 'read']),
    'a call is not denied': () => expect(profile).not.toDenySyscall('read'),
    'a call is not allowed': () => expect(profile).not.toAllowSyscall('mount'),
    'a group is denied': () => expect('docker-default').toDenySyscall('@mount'),
    'a program runs': () => expect(['true']).toRunUnder(profile),
    'no call is denied': () => expect(['true']).toMakeNoDeniedCalls(profile),
    'a call is denied, and hidden': () => expect([process.execPath, '-e', HIDDEN]).not.toMakeNoDeniedCalls(profile),
    'a program does not run': () => expect([process.execPath, '-e', CONNECT]).not.toRunUnder(profile),
  };
  const failing = {
    'denied: it is allowed': () => expect(profile).toDenySyscall('read'),
    'errno: it is another one': () => expect(profile).toDenySyscall('mount', { errno: 'EPERM' }),
    'allowed: it is denied': () => expect(profile).toAllowSyscall(['read', 'mount']),
    'not of several': () => expect(profile).not.toDenySyscall(['read', 'mount']),
    'runs: it does not': () => expect(['sh', '-c', 'echo reason >&2; exit 3']).toRunUnder(profile),
    'no call is denied: one is': () => expect([process.execPath, '-e', HIDDEN]).toMakeNoDeniedCalls(profile),
    'does not run: it does': () => expect(['true']).not.toRunUnder(profile),
    'does not run: nothing was denied': () => expect(['false']).not.toRunUnder(profile),
  };
  for (const [name, claim] of Object.entries(passing)) test(name, async () => void (await claim()));
  for (const [name, claim] of Object.entries(failing)) test(`FAILS ${name}`, async () => void (await claim()));
}
