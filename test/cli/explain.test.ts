/** `seccomp explain`: the results of explain(), as text and as JSON. */
import { expect, test } from 'vitest';
import { thisHost } from '../../lib/host.js';
import { seccomp } from '../support/command-line.js';

const explain = (...args: readonly string[]) => seccomp('explain', ...args);

test('prints for each call the action, the rule or reason, and what would change it', async () => {
  const { status, stdout } = await explain('docker-default', 'mount', 'getpid');
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^mount on \w+: EPERM\n {2}no rule .*: Mounts determine .*\.\n {2}with CAP_SYS_ADMIN: allow\n\ngetpid on \w+: allow\n {2}docker-default, syscalls\[\d+\]: .*\n$/,
  );
});

test('reads arguments, decimal and hexadecimal', async () => {
  const { stdout } = await explain('docker-default', 'socket(40)', 'socket(0x28, 1, 0)', 'socket(1)');
  expect(stdout.match(/^socket.*$/gm)).toEqual([
    expect.stringMatching(/^socket\(40\) on \w+: EPERM$/),
    expect.stringMatching(/^socket\(0x28, 1, 0\) on \w+: EPERM$/),
    expect.stringMatching(/^socket\(1\) on \w+: allow$/),
  ]);
  expect((await explain('docker-default', 'socket', 'read')).stdout.match(/^\w.*$/gm)).toEqual([
    expect.stringMatching(/^socket on \w+, all arguments 0: allow$/),
    expect.stringMatching(/^read on \w+: allow$/),
  ]);
});

test('prints errnos for which Node has no message', async () => {
  const rule = { names: ['mount'], action: 'SCMP_ACT_ERRNO', errnoRet: 10 };
  const profile = JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] });
  expect((await explain(profile, 'mount')).stdout).toMatch(/^mount on \w+: ECHILD$/m);
});

test('resolves the profile for the named capabilities', async () => {
  expect((await explain('podman-default', '--capability', 'CAP_BPF', 'bpf')).stdout).toMatch(/^bpf on \w+: allow$/m);
});

test.each<[readonly string[], string]>([
  [['--host', 'arm64', '--kernel', '5.10', 'openat'], 'openat on aarch64 (host: aarch64, Linux 5.10): allow'],
  [['--host', 'aarch64', '--kernel', '5.10.3-lts', 'ptrace'], 'ptrace on aarch64 (host: aarch64, Linux 5.10): allow'],
  [['--host', 'arm64', '--kernel', '4.7', 'ptrace'], 'ptrace on aarch64 (host: aarch64, Linux 4.7): EPERM'],
  [['--host', 'arm64', '--kernel', '6.1', '--abi', 'arm', 'open'], 'open on arm (host: aarch64, Linux 6.1): allow'],
  [
    ['--host', 'x64', '--kernel', '6.1', '--abi', 'aarch64', 'openat'],
    'openat on aarch64 (host: x86_64, Linux 6.1): kill-process',
  ],
  [
    ['--host', 'amd64', '--kernel', '6.1', '--capability', 'CAP_SYS_ADMIN', 'mount'],
    'mount on x86_64 (host: x86_64, Linux 6.1): allow',
  ],
  [['--host', 'ppc64', '--kernel', '6.1', 'mount'], 'mount on ppc64 (host: ppc64, Linux 6.1): EPERM'],
])('explains what a profile decides on another host: %j', async (args, line) => {
  const { status, stdout } = await explain('docker-default', ...args);
  expect([status, stdout.split('\n')[0]]).toEqual([0, line]);
});

test('takes an ABI that this machine does not run as that of a machine that does', async () => {
  const { abi, kernel } = thisHost();
  const linux = `Linux ${kernel.major}.${kernel.minor}`;
  for (const [other, machine] of [
    ['s390', 's390'],
    ...(abi === 'aarch64' ? [['x86', 'x86_64']] : [['arm', 'aarch64']]),
  ] as const)
    expect((await explain('docker-default', '--abi', other, 'read')).stdout).toMatch(
      new RegExp(`^read on ${other} \\(host: ${machine}, ${linux}\\): allow\n`),
    );
  expect((await explain('docker-default', '--abi', abi, 'read')).stdout).toMatch(
    new RegExp(`^read on ${abi}: allow\n`),
  );
  expect((await explain('docker-default', '--abi', 's390')).stdout).toMatch(
    new RegExp(`^s390 \\(host: s390, ${linux}\\)\n\nallow `),
  );
  expect((await explain('unconfined', '--abi', 's390', 'read')).stdout).toContain('nothing is filtered');
});

test('names the lines of rules in a config.json', async () => {
  const text = `{"ociVersion": "1.0.2", "linux": {
    "seccomp": { "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
      { "names": ["read"], "action": "SCMP_ACT_ALLOW" },
      { "names": ["write"], "action": "SCMP_ACT_ALLOW" }
    ] } } }`;
  const { stdout } = await explain(text, 'read', 'write');
  expect(stdout.match(/inline.*/g)).toEqual([
    'inline, linux.seccomp.syscalls[0] (line 3)',
    'inline, linux.seccomp.syscalls[1] (line 4)',
  ]);
});

test('lists all syscalls by action if no call is given', async () => {
  const { stdout } = await explain('docker-default', '--abi', 'x86_64');
  expect(stdout).toMatch(/^allow \(\d+\)\n {2}read write /);
  expect(stdout).toMatch(/^EPERM or allow, by arguments \(3\)\n {2}socket clone personality\n/m);
});

test('prints JSON', async () => {
  const [answer] = JSON.parse((await explain('docker-default', '--json', 'mount')).stdout);
  const { abi, kernel } = thisHost();
  const host = { abi, kernel: `${kernel.major}.${kernel.minor}` };
  expect(answer).toMatchObject({ call: 'mount', abi, host, action: { kind: 'errno', errno: 1 } });
  expect(answer).not.toHaveProperty('rule');
  const all = JSON.parse((await explain('docker-default', '--json', '--abi', 'x86_64')).stdout);
  expect(all).toContainEqual({ syscall: 'read', number: 0, actions: ['allow'] });
});

test.each([
  [['docker-default', 'socket(99999999999999999999999)'], /args must be up to six integers from −2⁶³ to 2⁶⁴ − 1/],
  [['docker-default', 'mountt'], /has no syscall mountt \(did you mean mount\?\)/],
  [['docker-default', 'open', '--host', 'arm64'], /aarch64 has no syscall open: x86_64 has it\n$/],
  [['docker-default', 'nothing', '--host', 'arm64'], /aarch64 has no syscall nothing\n$/],
  [['docker-default', 'socket(AF_INET'], /"socket\(AF_INET" is not a call/],
  [['docker-default', '--abi', 'x87'], /unknown ABI "x87"/],
  [
    ['docker-default', '--host', 'arm46', 'read'],
    /--host: unknown machine "arm46" \(did you mean arm64\?\): give a name/,
  ],
  [['docker-default', '--kernel', '6', 'read'], /--kernel: must be a version such as 5\.10, not "6"/],
  [['unconfined', '--host', 'arm64', 'read'], /--host, --kernel and --capability: has no effect/],
  [['docker-default', '--capability', 'CAP_BPFF'], /did you mean CAP_BPF\?/],
  [['docker-defualt', 'mount'], /did you mean docker-default\?/],
])('exits 125 with the reason for %j', async (args, message) => {
  const { status, stdout, stderr } = await explain(...args);
  expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  expect(stderr).toMatch(message);
});

test('takes constants as arguments, numbers for names, and groups', async () => {
  const calls = ['socket(AF_VSOCK, SOCK_STREAM|SOCK_CLOEXEC)', '165', '56(CLONE_NEWUSER)', '@keyring'];
  const { status, stdout } = await explain('docker-default', '--abi', 'x86_64', ...calls);
  expect(stdout.match(/^\w.*$/gm)).toEqual([
    'socket(AF_VSOCK, SOCK_STREAM|SOCK_CLOEXEC) on x86_64: EPERM',
    '165 = mount on x86_64: EPERM',
    '56(CLONE_NEWUSER) = clone(CLONE_NEWUSER) on x86_64: EPERM',
    'add_key on x86_64: EPERM',
    'keyctl on x86_64: EPERM',
    'request_key on x86_64: EPERM',
  ]);
  expect(status).toBe(0);
});

test('explains the other calls if one is wrong, and exits with 125', async () => {
  const wrong = ['raed', '9999', '@keyrin', 'socket(AF_INT)', 'socket(1+1)'];
  const { status, stdout, stderr } = await explain('docker-default', '--abi', 'x86_64', 'mount', ...wrong, 'getpid');
  expect(stdout.match(/^\w.*$/gm)).toEqual(['mount on x86_64: EPERM', 'getpid on x86_64: allow']);
  expect(stderr.trimEnd().split('\n')).toEqual([
    'seccomp: x86_64 has no syscall raed (did you mean read?)',
    'seccomp: x86_64 has no syscall with the number 9999',
    'seccomp: there is no group @keyrin (did you mean @keyring?)',
    'seccomp: socket(AF_INT): x86_64 has no constant AF_INT (did you mean AF_INET?)',
    expect.stringMatching(/^seccomp: "socket\(1\+1\)" is not a call: write the name of a syscall/),
  ]);
  expect(status).toBe(125);
});
