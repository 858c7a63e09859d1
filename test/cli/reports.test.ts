/** What the command reports of denied calls and of recorded files, from what the library gives it. */
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseCalls } from '../../lib/cli/call-argument.js';
import { pathFlags } from '../../lib/cli/output/path-flags.js';
import { showFiles } from '../../lib/cli/output/recorded-files.js';
import { sandboxContent } from '../../lib/cli/output/sandbox-file.js';
import { runBeside } from '../../lib/cli/report-violations.js';
import { Profile, type Violation } from '../../lib/index.js';
import { programEnd } from '../../lib/process-tree/program-end.js';
import { rememberProgram } from '../../lib/sandbox/path-hints.js';
import * as spawning from '../../lib/sandbox/spawn.js';

const printed: string[] = [];
beforeEach(() => {
  printed.length = 0;
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const REMEDY = { names: ['mkdir'], action: 'SCMP_ACT_ALLOW' };
const VIOLATION = {
  ...{ syscall: 'mkdir', abi: 'x86_64', decoded: ['"/a"', '0777'], count: 1, executable: '/bin/mkdir', pid: 5 },
  ...{ action: { kind: 'errno', errno: 1 }, fallback: false, deniedBy: 'profile', why: 'a rule', instruction: null },
  ...{ profile: 'p.json', remedy: REMEDY },
};
type Denial = Partial<Record<keyof Violation, unknown>>;

interface Ending {
  readonly sandbox?: string;
  readonly unlisted?: number;
  readonly unseen?: readonly string[];
  readonly exitCode?: number;
}

/** What is printed beside a program with these violations: first each, then the summary. */
async function reported(
  violations: readonly Denial[],
  { sandbox, unlisted = 0, unseen = [], exitCode = 1 }: Ending = {},
) {
  printed.length = 0;
  const all = violations.map((each) => ({ ...VIOLATION, ...each }));
  const child = Object.assign(new EventEmitter(), {
    ...{
      pid: 7,
      enforcement: { isolation: { closed: [], open: [] } },
      limit: null,
      violations: all,
      unlistedViolations: unlisted,
    },
    ...{ unseenCalls: unseen, end: programEnd(exitCode, null) },
  });
  rememberProgram(child, { file: 'program', args: [], argv: [], options: {} });
  vi.spyOn(spawning, 'startProgram').mockImplementation((parameters) => {
    const options = Array.isArray(parameters) ? parameters[3] : expect.fail('not as a list');
    setImmediate(() => {
      for (const each of all) Object(options).onViolation(each);
      printed.push('---\n');
      child.emit('exit', exitCode, null);
    });
    return child as never;
  });
  await runBeside('program', [], 'node', {}, 'kill', 'node', sandbox);
  const [each = '', summary = ''] = printed.join('').split('---\n');
  return { each, summary };
}

describe('a denied call', () => {
  test.each<[Denial, string]>([
    [{}, 'mkdir("/a", 0777): EPERM\n  by /bin/mkdir [5]\n  a rule'],
    [{ executable: undefined, pid: null }, 'mkdir("/a", 0777): EPERM\n  by process [unknown]\n  a rule'],
    [{ instruction: '/bin/mkdir+0x10' }, 'mkdir("/a", 0777): EPERM\n  by /bin/mkdir [5], at /bin/mkdir+0x10\n  a rule'],
    [{ rule: { path: 'syscalls[0]', line: 3 } }, 'mkdir("/a", 0777): EPERM\n  by /bin/mkdir [5]\n  a rule (line 3)'],
    [{ rule: { path: 'syscalls[0]' } }, 'mkdir("/a", 0777): EPERM\n  by /bin/mkdir [5]\n  a rule'],
    [
      { fallback: true, action: { kind: 'errno', errno: 38 } },
      'mkdir("/a", 0777): ENOSYS\n  by /bin/mkdir [5]\n  a rule\n  a fallback: programs expect this error, and use an older call or do without',
    ],
    [
      { action: { kind: 'errno', errno: 38 } },
      'mkdir("/a", 0777): ENOSYS\n  by /bin/mkdir [5]\n  a rule\n  as on a kernel without this call: most programs then use an older one',
    ],
    [{ action: { kind: 'trace', message: 38 } }, 'mkdir("/a", 0777): trace 38\n  by /bin/mkdir [5]\n  a rule'],
  ])('%j is reported at once', async (violation, text) => {
    expect((await reported([violation])).each).toBe(`seccomp: ${text}\n`);
  });

  test('is wrapped in a terminal, unless that does not know its width', async () => {
    const { columns } = process.stderr;
    onTestFinished(() => {
      process.stderr.columns = columns;
    });
    const why = 'a reason of many words, which a terminal of few columns breaks';
    process.stderr.columns = 0;
    expect((await reported([{ why }])).each).toContain(`\n  ${why}\n`);
    process.stderr.columns = 40;
    expect((await reported([{ why }])).each).toContain(
      '\n  a reason of many words, which a\n  terminal of few columns breaks\n',
    );
  });

  const rule = { path: 'syscalls[3]', line: 3 };
  const file = { paths: { read: ['/a b'], write: ['/c'] } };
  test.each<[Denial, string | undefined, string]>([
    [{ deniedBy: 'isolation', rule }, undefined, 'run with --no-isolate'],
    [{ deniedBy: 'network' }, undefined, 'run without --no-network'],
    [{ deniedBy: 'network' }, 'box.json', 'leave "network" out of box.json'],
    [{ deniedBy: 'paths', remedy: file }, undefined, "--read '/a b' --write /c"],
    [
      { deniedBy: 'paths', remedy: undefined, path: '/a' },
      undefined,
      'no flag allows just this: grant what it needs there by name',
    ],
    [{ deniedBy: 'paths', remedy: undefined }, undefined, 'run without --read, --write and --execute'],
    [{ remedy: undefined }, undefined, 'no rule allows just these calls'],
    [{ remedy: undefined, path: '/a' }, undefined, 'no rule allows just these calls'],
    [{}, undefined, '{"names":["mkdir"],"action":"SCMP_ACT_ALLOW"}'],
    [{ profile: undefined }, undefined, '{"names":["mkdir"],"action":"SCMP_ACT_ALLOW"}'],
    [
      { rule },
      undefined,
      'change syscalls[3], which denies it; if the default action denies too, add {"names":["mkdir"],"action":"SCMP_ACT_ALLOW"}',
    ],
    [
      { rule, profile: 'node-no-exec' },
      undefined,
      "extend('node-no-exec').allow('mkdir'); stringify() makes it JSON for --profile",
    ],
    [
      {
        rule,
        profile: 'node-no-exec',
        remedy: {
          ...REMEDY,
          args: [
            { index: 1, value: 2 },
            { index: 3, value: 4 },
          ],
        },
      },
      undefined,
      "extend('node-no-exec').allow('mkdir', arg(1).eq(2), arg(3).eq(4)); stringify() makes it JSON for --profile",
    ],
  ])('%j under the sandbox %s has its remedy', async (violation, sandbox, remedy) => {
    const { summary } = await reported([violation], sandbox === undefined ? {} : { sandbox });
    const [, shown] = /\n {8}to allow: (.*)\n/.exec(summary) ?? [];
    expect(shown).toBe(remedy);
  });
});

describe('the summary', () => {
  test('says so if no call was denied, by the name of the sandbox or the profile', async () => {
    const text = (name: string) => `seccomp: no call was denied by ${name}\n`;
    expect((await reported([])).summary).toBe(text('node'));
    expect((await reported([], { sandbox: 'box.json' })).summary).toBe(text('box.json'));
  });

  test('does not say so if calls may have been denied that it does not list, and says why', async () => {
    expect((await reported([], { unlisted: 2 })).summary).not.toContain('no call');
    const { summary } = await reported([], { unseen: ['one reason', 'another'] });
    expect(summary).toBe(`seccomp: no call is known to have been denied by node
seccomp: denied calls may be missing: one reason
seccomp: denied calls may be missing: another
`);
    expect((await reported([{}], { unseen: ['a reason'] })).summary).toContain('may be missing: a reason');
  });

  test('lists kinds with the same remedy together, with counts', async () => {
    const { summary } = await reported([
      { count: 12 },
      { syscall: 'chdir', decoded: ['"/b"'], remedy: undefined },
      { decoded: ['"/c"', '0700'], count: 1_234_567 },
    ]);
    expect(summary).toBe(
      `seccomp: 3 kinds of calls denied
    12× mkdir("/a", 0777): EPERM
1234567× mkdir("/c", 0700): EPERM
        to allow: {"names":["mkdir"],"action":"SCMP_ACT_ALLOW"}
     1× chdir("/b"): EPERM
        to allow: no rule allows just these calls
`,
    );
  });

  test('separates fallbacks, which are no denials', async () => {
    const fallback = { fallback: true, syscall: 'clone3', decoded: [], action: { kind: 'errno', errno: 38 } };
    const line = '     1× clone3(): ENOSYS\n';
    const { summary } = await reported([fallback]);
    expect(summary).toBe(
      `seccomp: no call was denied by node\nseccomp: one kind of calls that programs do without\n${line}`,
    );
    const both = (await reported([fallback, {}, fallback])).summary;
    expect(both).toContain('seccomp: one kind of calls denied\n');
    expect(both).toContain(`seccomp: 2 kinds of calls that programs do without\n${line}${line}`);
    expect(both).not.toContain('no call was denied');
  });

  test('counts the calls that are not listed', async () => {
    const text = (count: number) => `seccomp: ${count} more calls were denied, of kinds beyond those that are listed\n`;
    expect((await reported([{}], { unlisted: 1 })).summary).toContain(text(1));
    expect((await reported([{}])).summary).not.toContain('more calls');
  });

  test('has the flags for all files together, each path once', async () => {
    const denied = (paths: object) => ({ deniedBy: 'paths', remedy: { paths }, path: '/x' });
    const flags = async (...lists: readonly object[]) =>
      /to allow all of these files: (.*)\n/.exec((await reported(lists.map(denied))).summary)?.[1];
    expect(await flags({ read: ['/a'] })).toBe(undefined);
    expect(await flags({ read: ['/a'] }, { read: ['/a'] })).toBe(undefined);
    expect(await flags({ read: ['/a'] }, { read: ['/b'] })).toBe('--read /a --read /b');
    expect(await flags({ read: ['/a', '/b'] }, { write: ['/a'] })).toBe('--read /b --write /a');
    expect(await flags({ read: ['/a', '/b'] }, { execute: ['/b'] })).toBe('--read /a --execute /b');
    expect(await flags({ read: ['/a'] }, { write: ['/a'] })).toBe(undefined);
  });

  test('of a program that succeeded has the remedies, and says that they may not be needed', async () => {
    const denied = { deniedBy: 'paths', remedy: { paths: { read: ['/a', '/b'] } }, path: '/a' };
    const { summary } = await reported([{ count: 2 }, denied], { exitCode: 0 });
    expect(summary).toBe(`seccomp: 2 kinds of calls denied, perhaps not needed: the exit status is 0
     2× mkdir("/a", 0777): EPERM
        to allow: {"names":["mkdir"],"action":"SCMP_ACT_ALLOW"}
     1× mkdir("/a", 0777): EPERM
        to allow: --read /a --read /b
seccomp: to allow all of these files: --read /a --read /b
`);
  });

  test('has last what a C library does without, and its remedy for other programs', async () => {
    const nscd = { syscall: 'socket', decoded: ['AF_UNIX', 'SOCK_STREAM', '0'], deniedBy: 'network' };
    const { summary } = await reported([nscd, { deniedBy: 'network' }]);
    expect(summary).toBe(`seccomp: 2 kinds of calls denied
     1× mkdir("/a", 0777): EPERM
        to allow: run without --no-network
     1× socket(AF_UNIX, SOCK_STREAM, 0): EPERM
        to allow, if it uses Unix sockets itself: run without --no-network
`);
  });

  test('of a program that SIGSYS ended says how to learn the call', async () => {
    const { summary } = await reported([], { exitCode: 159 });
    expect(summary).toMatch(/^seccomp: SIGSYS ends a program .*--explain\n$/);
  });
});

describe('the files of a recording', () => {
  type Files = Parameters<typeof showFiles>[0]['files'];
  const file = (path: string, access: string, count: number, ...grants: readonly string[]) => ({
    ...{ path, access, count, grants },
  });
  const shown = (files: readonly object[], paths: object, isWritten = false) => {
    showFiles({ files: files as Files, paths } as never, isWritten);
    return printed.join('');
  };

  test('are listed by their grants, the most frequent first, with flags', () => {
    const files = [
      file('/a', 'read', 1, '/a'),
      file('/usr/x', 'read', 2, '@system', '/y'),
      file('/usr/z', 'read', 3, '@system'),
      file('/usr/z', 'execute', 4, '@system'),
      file('/b', 'write', 9, '/'),
    ];
    expect(shown(files, { read: ['@system', '/a'], write: [{ path: '/b c' }] })).toBe(
      `seccomp: files of the run, by what grants them
     9× written  /b, by /
     5× read     2 files, by @system
     4× executed /usr/z, by @system
     1× read     /a
seccomp: to grant them: --read @system --read /a --write '/b c'
`,
    );
  });

  test('are named one by one where nothing grants them', () => {
    const files = [file('/a', 'read', 2), file('/b', 'read', 1), file('/c', 'read', 1, '/c')];
    expect(shown(files, { read: ['/c'] })).toBe(
      `seccomp: files of the run, by what grants them
     2× read     /a (not granted)
     1× read     /b (not granted)
     1× read     /c
seccomp: to grant the others: --read /c
`,
    );
  });

  test('have a mark where programs do without them', () => {
    const files = [
      { ...file('/proc/1/maps', 'read', 2), fallback: true },
      { ...file('/usr/x', 'read', 1, '@system'), fallback: true },
    ];
    expect(shown(files, { read: ['@system'] }, true)).toBe(
      `seccomp: files of the run, by what grants them
~    2× read     /proc/1/maps (not granted: programs do without it)
     1× read     /usr/x, by @system
`,
    );
  });

  test('need no flags without grants, or where a file has them', () => {
    expect(shown([], {})).toBe(
      'seccomp: files of the run, by what grants them\nseccomp: seccomp run needs no flags for these\n',
    );
    printed.length = 0;
    expect(shown([], { read: ['/a'] }, true)).toBe('seccomp: files of the run, by what grants them\n');
  });

  test('are not shown if they were not recorded', () => {
    showFiles({ paths: {} } as never, false);
    showFiles({ files: [] } as never, false);
    expect(printed).toEqual([]);
  });
});

describe('a sandbox file', () => {
  const recording = (...calls: readonly object[]) =>
    ({ profile: Profile.allowlist().allow('read'), paths: { read: ['@system'] }, calls }) as never;
  const content = (output: string, calls: readonly object[] = [], before?: object) => {
    const { text, notes } = sandboxContent(output, recording(...calls), before as never);
    const { profile: _, ...others } = JSON.parse(text);
    return { others, notes };
  };
  const call = (syscall: string, ...decoded: readonly string[]) => ({ syscall, decoded });

  test.each<[object, boolean]>([
    [call('socket', 'AF_INET', 'SOCK_STREAM'), true],
    [call('socket'), true],
    [call('socket', 'AF_UNIX', 'SOCK_STREAM'), false],
    [call('socketpair', 'AF_UNIX', 'SOCK_STREAM|SOCK_CLOEXEC'), false],
    [call('socketpair', 'AF_UNIX', 'SOCK_SEQPACKET'), false],
    [call('socketpair', 'AF_UNIX', 'SOCK_DGRAM'), true],
    [call('connect', '3', '{AF_UNIX, "/var/run/nscd/socket"}'), false],
    [call('connect', '3', '{AF_UNIX, "/run/other"}'), true],
    [call('bind', '3'), true],
    [call('listen', '3'), true],
    [call('socketcall', '1'), true],
    [call('read', '3'), false],
  ])('of a run that made %j: whether the network was used is %s', (made, isUsed) => {
    expect('network' in content('/usr/box.json', [call('read'), made]).others).toBe(!isUsed);
  });

  test.each<[string, object, boolean, string | undefined, RegExp | undefined]>([
    ['nothing', {}, false, undefined, undefined],
    ['a closed network', { network: 'none' }, false, 'none', undefined],
    ['a closed network that it uses', { network: 'none' }, true, undefined, /no longer in the file$/],
    [
      'an extended one that it uses',
      { extends: 'untrusted' },
      true,
      undefined,
      /^the program made sockets, which what/,
    ],
  ])('that had %s', (_, document, isUsed, network, note) => {
    const calls = isUsed ? [call('socket', 'AF_INET')] : [];
    const { others, notes } = content('/usr/box.json', calls, { document, hasNoNetwork: isUsed });
    expect(others.network).toBe(network);
    expect(notes).toEqual(note === undefined ? [] : [expect.stringMatching(note)]);
  });

  test('has paths beneath its directory as relative ones, each in its line', () => {
    const { text } = sandboxContent('/usr/box.json', {
      ...{ profile: Profile.allowlist().allow('read'), calls: [] },
      paths: { read: ['@system', '/usr/lib', '/usr', '/user', '/'], execute: [{ path: '/usr/..a', ioctl: true }] },
    } as never);
    expect(JSON.parse(text).paths).toEqual({
      read: ['@system', './lib', '.', '/user', '/'],
      execute: [{ path: './..a', ioctl: true }],
    });
    expect(text).toContain('{\n  "paths": {\n    "read": [\n      "@system",\n      "./lib",\n');
    expect(text.endsWith('\n}\n')).toBe(true);
  });
});

test.each<[Record<string, readonly string[]>, readonly string[]]>([
  [{ read: ['/a.b-c_d/%@+=:,'], write: [] }, ['--read /a.b-c_d/%@+=:,']],
  [{ execute: ['/a b'] }, ["--execute '/a b'"]],
  [{ read: ["/it's"] }, ["--read '/it'\\''s'"]],
  [{ read: [''] }, ["--read ''"]],
  [{ read: ["/a\n'\\"] }, [`--read "$(printf %b '/a\\0012\\0047\\0134')"`]],
  [{ read: ['/\x1b\x7fé'] }, [`--read "$(printf %b '/\\0033\\0177é')"`]],
  [{ read: ['/a\n'] }, ["--read $'/a\\012'"]],
])('the paths %j are safe words of a shell', (lists, flags) => {
  expect(pathFlags(lists)).toEqual(flags);
});

describe('a call on the command line', () => {
  test.each<[string, string, object]>([
    ['mount', 'mount', { syscall: 'mount' }],
    [' mount ', ' mount ', { syscall: 'mount' }],
    ['165', '165 = mount', { syscall: 'mount' }],
    ['165(1, 2)', '165(1, 2) = mount(1, 2)', { syscall: 'mount', args: [1n, 2n] }],
    ['read()', 'read()', { syscall: 'read' }],
    ['read( )', 'read( )', { syscall: 'read' }],
    ['read(-1,0x1F , 7)', 'read(-1,0x1F , 7)', { syscall: 'read', args: [-1n, 31n, 7n] }],
    ['read(-0x10)', 'read(-0x10)', { syscall: 'read', args: [-16n] }],
    ['open(0, O_RDWR | 0x10|4)', 'open(0, O_RDWR | 0x10|4)', { syscall: 'open', args: [0n, 22n] }],
  ])('%j', (text, shown, query) => {
    expect(parseCalls(text, 'x86_64')).toEqual([{ text: shown, query: { abi: 'x86_64', ...query } }]);
  });

  test.each(['', 'read(', 'read)', 'a b', 'read(1)(2)', 'read(1 2)', 'read(1||2)', 'read(,)', '-1', 'read(0x)'])(
    '%j is none',
    (text) => {
      expect(() => parseCalls(text, 'x86_64')).toThrow(`${JSON.stringify(text)} is not a call: write the name`);
    },
  );

  test('that is a group stands for the syscalls that the ABI has', () => {
    const names = (abi: 'x86_64' | 'aarch64') => parseCalls('@file-system', abi).map(({ text }) => text);
    expect(names('x86_64')).toContain('open');
    expect(names('aarch64')).not.toContain('open');
    expect(() => parseCalls('@file-sistem', 'x86_64')).toThrow(
      'there is no group @file-sistem (did you mean @file-system?)',
    );
  });
});
