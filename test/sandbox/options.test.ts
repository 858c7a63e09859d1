/** Options that node:child_process has not: limits, capabilities, logging, several profiles. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { explain } from '../../lib/analysis/explain.js';
import { Filter } from '../../lib/filter/filter.js';
import type { Handler } from '../../lib/notify/handlers.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { ResourceLimits } from '../../lib/process-tree/rlimits.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { Profile } from '../../lib/profile/profile.js';
import { profileOf } from '../../lib/profile/source.js';
import { record } from '../../lib/record/record.js';
import { compile } from '../../lib/sandbox/compile.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { type SpawnSyncOptions, spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { compileC } from '../support/compile-c.js';
import { describeUnless } from '../support/describe-unless.js';
import { plannedFilters } from '../support/plans.js';
import {
  changesNoUser,
  evaluateScript,
  hasCapability,
  isFiltered,
  lacking,
  NO_CHANGE_OF_USER,
  WITHOUT_RINGS,
} from '../support/scripts.js';

const isRoot = process.getuid?.() === 0;

const text = (
  script: string,
  options: SpawnSyncOptions = {},
  profile: Parameters<typeof compile>[0] = 'docker-default',
) => spawnSync('sh', ['-c', script], profile as 'docker-default', { ...options, encoding: 'utf8' }).stdout?.trim();

describe('rlimits', () => {
  test('one value sets both limits, two set each', () => {
    const rlimits = { nofile: 64, core: { soft: 0, hard: 4096 } };
    expect(text('ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc', { rlimits })).toBe('64\n64\n0\n8');
  });

  test('other limits are those of this process', () => {
    const ours = /Max address space +(\S+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    expect(text("sed -n 's/Max address space *\\([^ ]*\\).*/\\1/p' /proc/self/limits", { rlimits: { core: 0 } })).toBe(
      ours,
    );
  });

  test('limit the program', () => {
    expect(spawnSync('cat', ['/dev/null'], 'docker-default', { rlimits: { nofile: 3 } }).status).not.toBe(0);
  });

  test.each([
    [{ nofiles: 3 }, /rlimits: unknown resource "nofiles" \(did you mean nofile\?\)/],
    [{ nofile: -1 }, /rlimits\.nofile: must be an integer/],
    [{ nofile: { soft: 5, hard: 4 } }, /rlimits\.nofile: must be a soft limit that is not above the hard one, not 5/],
  ])('%j is refused', (rlimits, message) => {
    expect(() => spawnSync('true', 'docker-default', { rlimits: rlimits as ResourceLimits })).toThrow(message);
  });

  describeUnless(isRoot ? undefined : 'needs root', 'of processes', () => {
    const isMapped = /^\s*0\s+0\s/.test(readFileSync('/proc/self/uid_map', 'utf8'));
    const rlimits = { nproc: 5 };
    const LIMIT = 'grep "^Max processes" /proc/self/limits';

    test('are refused for a child that is root, which Linux does not limit, with a remedy', ({ skip }) => {
      skip(!isMapped, 'root is another user outside of this namespace, whose processes are limited');
      for (const options of [{ rlimits }, { rlimits, uid: 0 }, { rlimits, capabilities: [] }])
        expect(() => spawnSync('true', 'docker-default', options)).toThrow(
          /^options\.rlimits\.nproc: Linux does not apply this limit to root: give the child another uid$/,
        );
    });

    test('limit another user', () => {
      const start = 'sleep 60 >/dev/null 2>&1 & pids="$pids $!"';
      const forks = `trap 'kill $pids' EXIT; for i in 1 2 3 4 5 6 7 8 9; do ${start}; done 2>/dev/null; echo all`;
      const uid = 100_000 + process.pid; // No process of this user counts.
      expect(text(LIMIT, { rlimits, uid, gid: uid })).toMatch(/^Max processes +5 +5 /);
      expect(text(forks, { rlimits, uid, gid: uid })).not.toBe('all');
    });

    test('limit root of a user namespace who is another user outside', ({ skip }) => {
      const dist = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href);
      const nested = `import { spawnSync } from ${dist}; console.log(String(spawnSync('grep', ['^Max processes', '/proc/self/limits'], 'unconfined', { rlimits: { nproc: 7 } }).stdout))`;
      const node = [process.execPath, '--input-type=module', '-e', nested];
      const options = { uid: 60_002, gid: 60_002, encoding: 'utf8' } as const;
      const { stdout, stderr } = spawnSync('unshare', ['--user', '--map-root-user', ...node], 'unconfined', options);
      skip(/^unshare:/.test(stderr ?? ''), `no user namespace here: ${stderr}`);
      skip(/EACCES|Cannot find module/.test(stderr ?? ''), 'this checkout is root’s alone');
      expect(stdout).toMatch(/^Max processes +7 +7 /);
    });
  });

  test('that cannot be raised are an error, and nothing runs', () => {
    const nobody = isRoot ? { uid: 65534, gid: 65534 } : {};
    const raise = { rlimits: { nofile: 'unlimited' } as const };
    const message = expect.stringMatching(
      /EPERM: options\.rlimits\.nofile: unlimited is above the hard limit of this process, \d+:/,
    );
    const { error } = spawnSync('true', 'docker-default', { ...nobody, ...raise });
    expect(error).toMatchObject({ call: 'prlimit', message });
    expect(() => spawn('true', 'docker-default', { ...nobody, ...raise })).toThrow(
      expect.objectContaining({ call: 'prlimit', message }),
    );
  });
});

describeUnless(isRoot ? undefined : 'needs root', 'capabilities', () => {
  const sets = (options: SpawnSyncOptions) =>
    Object.fromEntries(
      [...(text('cat /proc/self/status', options) ?? '').matchAll(/^Cap(\w+):\t(\w+)$/gm)].map(([, name, bits]) => [
        name,
        BigInt(`0x${bits}`),
      ]),
    );
  const CHOWN = 1n << 0n;
  const KILL = 1n << 5n;

  test('those that are not listed are removed from all five sets', () => {
    const { Bnd, Prm, Eff, Inh, Amb } = sets({ capabilities: ['CAP_CHOWN', 'CAP_KILL'] });
    expect({ Bnd, Prm, Eff }).toEqual({ Bnd: CHOWN | KILL, Prm: CHOWN | KILL, Eff: CHOWN | KILL });
    expect([Inh, Amb]).toEqual([0n, 0n]);
  });

  test('an empty list removes all; without the option all stay', () => {
    expect(sets({ capabilities: [] })).toEqual({ Bnd: 0n, Prm: 0n, Eff: 0n, Inh: 0n, Amb: 0n });
    expect(sets({})['Prm']).toBe(BigInt(`0x${/CapPrm:\t(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`));
  });

  test('inheritable and ambient ones of this process are removed too', () => {
    const nested = `import { spawnSync } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      const read = (options) => String(spawnSync('cat', ['/proc/self/status'], 'docker-default', options).stdout).match(/^Cap(Inh|Amb).*$/gm);
      console.log(JSON.stringify([read({}), read({ capabilities: ['CAP_KILL'] })]))`;
    const both = ['--inh-caps=+chown,+kill', '--ambient-caps=+chown,+kill'];
    const stdout = execFileSync('setpriv', [...both, process.execPath, '--input-type=module', '-e', nested]);
    const lines = (bits: string) => [`CapInh:\t${bits.padStart(16, '0')}`, `CapAmb:\t${bits.padStart(16, '0')}`];
    expect(JSON.parse(String(stdout))).toEqual([lines('21'), lines('20')]);
  });

  test('the profile is resolved for them', () => {
    const options = { capabilities: ['CAP_SYS_CHROOT'] };
    expect(spawnSync('chroot', ['/', 'true'], 'docker-default', options).status).toBe(0);
    expect(spawnSync('chroot', ['/', 'true'], 'docker-default').status).not.toBe(0);
  });

  test('without CAP_SETPCAP the bounding set stays, and no_new_privs makes it ineffective', () => {
    const nested = `import { spawnSync } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      console.log(spawnSync('cat', ['/proc/self/status'], 'docker-default', { capabilities: [], encoding: 'utf8' }).stdout)`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', nested], 'unconfined', {
      ...lacking('CAP_SETPCAP'),
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/CapPrm:\t0+\n[\s\S]*CapBnd:\t0*[1-9a-f][\s\S]*NoNewPrivs:\t1/);
  });
});

describeUnless(isRoot ? undefined : 'needs root', 'another user', () => {
  test('or another group is in no supplementary group of this process', ({ skip }) => {
    skip(changesNoUser(), NO_CHANGE_OF_USER);
    const groups = evaluateScript(
      `process.setgroups([1, 2]);
      return [{}, { uid: 65534 }, { gid: 65533 }, { uid: 65534, gid: 65533 }].map((options) =>
        /^Groups:\\t(.*?) ?$/m.exec(sandbox.spawnSync('cat', ['/proc/self/status'], 'docker-default', options).stdout)[1]);`,
      { env: WITHOUT_RINGS },
    );
    expect(groups).toEqual(['1 2', '', '', '']);
  });
});

describe('logDenied', () => {
  /** SECCOMP_FILTER_FLAG_LOG of linux/seccomp.h. */
  const LOG = 2;
  /** The flags of the newest filter of a child, as its kernel has them; for those whose filter is handed over too. */
  const flags = (process: ChildProcess) => {
    const [newest = ''] = execFileSync(compileC('filter-flags.c'), [String(process.pid)], { encoding: 'utf8' }).split(
      '\n',
    );
    process.kill('SIGKILL');
    return Number(newest);
  };

  test('makes the kernel log what the filter denies', ({ skip }) => {
    skip(!hasCapability('CAP_SYS_ADMIN') || isFiltered(), 'needs CAP_SYS_ADMIN, and no attached filter');
    for (const logDenied of [true, false]) {
      const expected = logDenied ? LOG : 0;
      expect(flags(spawn('sleep', ['60'], 'docker-default', { logDenied }))).toBe(expected);
      expect(flags(spawn('sleep', ['60'], ['docker-default', 'node'], { logDenied }))).toBe(expected);
      expect(flags(spawn('sleep', ['60'], 'docker-default', { logDenied, onViolation: true })) & LOG).toBe(expected);
    }
  });

  test('must be true or false', () => {
    expect(() => spawnSync('true', 'docker-default', { logDenied: 1 as never })).toThrow(/options\.logDenied/);
  });
});

describe('a compiled filter is reused', () => {
  const CHROOT = ['CAP_SYS_CHROOT'];
  const supervised = (options: SpawnOptions, names: readonly string[] = [], watches = true) => {
    const denies: Handler = (call) => call.deny(1);
    const notify = names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, denies]));
    return plannedFilters('docker-default', { ...options, notify, onViolation: watches })[0];
  };
  const agents: ProfileDocument = {
    defaultAction: 'SCMP_ACT_ALLOW',
    listenerPath: '/run/agent.sock',
    syscalls: [
      { names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' },
      { names: ['chroot'], action: 'SCMP_ACT_ERRNO', excludes: { caps: CHROOT } },
    ],
  };
  const profile = profileOf(agents);
  const agent = (options: SpawnOptions) => plannedFilters(profile, options)[0];
  const one = (options: SpawnOptions) => plannedFilters('docker-default', options)[0];
  const list = (options: SpawnOptions) => plannedFilters(['docker-default', 'podman-default'], options)[0];

  test.each([
    ['a supervised child', supervised],
    ['a child whose calls an agent answers', agent],
    ['one profile', one],
    ['a list of profiles', list],
  ])('for %s, but not for other capabilities or ABIs', (_, filterFor) => {
    const options = [
      {},
      { capabilities: CHROOT },
      { abis: ['x86' as const] },
      { capabilities: CHROOT, abis: ['x86' as const] },
    ];
    const filters = options.map((each) => filterFor(each));
    for (const [i, each] of options.entries()) expect(filterFor(each)).toBe(filters[i]);
    expect(new Set(filters).size).toBe(options.length);
    const chroot = (filter: Filter | undefined, arch: number, number: number) =>
      filter && evaluate(filter.policy, { arch, number, args: [0n, 0n, 0n, 0n, 0n, 0n] }).kind;
    expect(chroot(filters[1], 0xc000_003e, 161)).not.toBe(chroot(filters[0], 0xc000_003e, 161));
    expect(filters[2]?.abis).toEqual(['x86_64', 'x86']);
  });

  test.each([
    ['a supervised child', supervised],
    ['a child whose calls an agent answers', agent],
    ['one profile', one],
    ['a list of profiles', list],
  ])('for %s, but not for a child that is not isolated', (_, filterFor) => {
    expect(filterFor({ isolate: false })).not.toBe(filterFor({}));
  });

  test('not by another function, which needs another exec gate', () => {
    const denied = profileOf({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['execve', 'exit', 'exit_group'], action: 'SCMP_ACT_ERRNO' }],
    });
    const filters = (['child', 'execve', 'harden'] as const).map((target) => plannedFilters(denied, {}, target)[0]);
    expect(new Set(filters).size).toBe(filters.length);
    expect(filters.map((filter) => (filter?.gate.length ?? 0) > 0)).toEqual([true, true, false]);
  });

  test('for a profile and a filter with supervision, but not for one without', () => {
    for (const source of [profileOf({ defaultAction: 'SCMP_ACT_ERRNO' }), compile('docker-default')]) {
      const [filter] = plannedFilters(source, { onViolation: true });
      expect(plannedFilters(source, { onViolation: true })[0]).toBe(filter);
      expect(plannedFilters(source)[0]).not.toBe(filter);
    }
  });

  test('not for other handlers, nor for a supervisor without handlers', () => {
    const filters = [
      supervised({}),
      supervised({}, ['mkdir']),
      supervised({}, ['mkdir'], false),
      supervised({}, ['mkdir', 'rmdir']),
    ];
    expect(new Set(filters).size).toBe(filters.length);
  });
});

describe('several profiles', () => {
  const deny = (name: string, errnoRet: number): ProfileDocument => ({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: [name], action: 'SCMP_ACT_ERRNO', errnoRet }],
  });
  /** So many rules on one syscall that two of its kind can't be combined. */
  const long = (first: number): ProfileDocument => ({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: Array.from({ length: 150 }, (_, i) => ({
      names: ['personality'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: (first + 2 * i) * 4, op: 'SCMP_CMP_EQ' }],
    })),
  });
  const filters = 'sed -n "s/Seccomp_filters:.//p" /proc/self/status';
  const before = Number(/Seccomp_filters:\t(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0);

  test('are combined in one filter, which takes the stricter action', () => {
    const both = [deny('uname', 1), deny('chdir', 13)];
    expect(text(`uname; cd /; echo $?; ${filters}`, {}, both)).toBe(`2\n${before + 1}`);
  });

  test('unconfined adds no filter, alone or in a list', () => {
    for (const none of ['unconfined', Profile.unconfined, ['unconfined', Profile.unconfined]])
      expect(text(filters, {}, none)).toBe(String(before));
    expect(text(filters, {}, ['unconfined', deny('uname', 1)])).toBe(String(before + 1));
  });

  test('profiles that do not fit into one filter become several, even if each denies seccomp', ({ skip }) => {
    skip(isFiltered(), 'this process has a filter already');
    const base = { defaultAction: 'SCMP_ACT_ALLOW' as const };
    const denySeccomp = { names: ['seccomp', 'execve'], action: 'SCMP_ACT_ERRNO' as const };
    const stacked = [long(0), long(1)].map(({ syscalls = [] }) => ({
      ...base,
      syscalls: [denySeccomp, ...(syscalls ?? []).map((rule) => ({ ...rule, action: 'SCMP_ACT_ERRNO' as const }))],
    }));
    expect(() => compile(stacked)).toThrowError(expect.objectContaining({ code: 'ERR_SECCOMP_TOO_LARGE' }));
    expect(spawnSync('cat', ['/proc/self/status'], stacked, { encoding: 'utf8' }).stdout).toMatch(
      new RegExp(`Seccomp_filters:\t${before + 3}\n`), // The first is what isolation denies.
    );
  });

  test.each([[Array(9).fill('docker-default')]])('a list of %j is refused', (list) => {
    expect(() => spawnSync('true', [], list)).toThrow(/a list of profiles has 1 to 8/);
  });
});

describe('flags and notifications of a profile', () => {
  const asking = (rest: object): ProfileDocument => ({ defaultAction: 'SCMP_ACT_ALLOW', ...rest });
  const flags = (rest: object, mode: 'strict' | 'compat') => {
    const profile = profileOf(asking(rest), { mode });
    return compile(profile).flags;
  };

  test('its flags are kept on the filter, and the kernel accepts them', () => {
    const all = ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW', 'SECCOMP_FILTER_FLAG_TSYNC'];
    expect(flags({ flags: all }, 'strict')).toEqual(['LOG', 'SPEC_ALLOW']);
    expect(spawnSync('true', asking({ flags: all } as object)).status).toBe(0);
  });

  test('no list means SPEC_ALLOW in compat, as in runc, and an empty list none', () => {
    expect([flags({}, 'strict'), flags({}, 'compat'), flags({ flags: [] }, 'compat')]).toEqual([
      [],
      ['SPEC_ALLOW'],
      [],
    ]);
  });

  test.each([
    [{ syscalls: [{ names: ['uname'], action: 'SCMP_ACT_NOTIFY' }] }, 'SCMP_ACT_NOTIFY'],
    [{ flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] }, 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'],
  ])('a profile that needs a supervisor is refused, alone and in a list: %j', (rest, what) => {
    for (const profile of [asking(rest), compile(asking(rest))]) {
      const refusal = expect.objectContaining({
        code: 'ERR_SECCOMP_UNSUPPORTED',
        message: expect.stringContaining(what),
      });
      if (profile instanceof Filter && what !== 'SCMP_ACT_NOTIFY') continue; // A filter has no listener.
      expect(() => spawnSync('true', profile)).toThrowError(refusal);
      expect(() => spawnSync('true', [], ['docker-default', profile])).toThrowError(refusal);
    }
  });
});

test('no program starts if Node’s permission model does not allow it', () => {
  const model = Number.parseInt(process.versions.node, 10) < 22 ? '--experimental-permission' : '--permission';
  const refused = evaluateScript(
    `const code = (start) => { try { start(); return 'started'; } catch ({ code, message }) { return [code, message]; } };
     const { exec } = new sandbox.Sandbox('docker-default');
     return [
       code(() => sandbox.spawn('true', 'docker-default')), code(() => sandbox.spawnSync('true', [], 'unconfined')),
       code(() => sandbox.execve('true', 'docker-default')), code(() => exec('true')), code(() => childProcess.spawn('true')),
     ].map((each) => each[0]).concat(code(() => sandbox.spawn('true', 'docker-default'))[1]);`,
    { execArgv: [model, '--allow-fs-read=*', '--allow-addons'] },
  );
  const message = expect.stringMatching(/does not allow starting true: start node with --allow-child-process$/);
  expect(refused).toEqual([...Array(5).fill('ERR_ACCESS_DENIED'), message]);
});

test.each<[string, () => unknown, RegExp]>([
  [
    'compile, an unknown option',
    () => Reflect.apply(compile, undefined, ['node', { capability: [] }]),
    /^options\.capability: unknown option \(did you mean capabilities\?\)$/,
  ],
  [
    'spawnSync, an option that is one of limits',
    () => Reflect.apply(spawnSync, undefined, ['true', [], 'node', { memory: '1G' }]),
    /^options\.memory: unknown option: it is one of options\.limits$/,
  ],
  [
    'explain, an unknown option',
    () => Reflect.apply(explain, undefined, ['node', { syscall: 'read' }, { arch: 'x86' }]),
    /^options\.arch: unknown option/,
  ],
  [
    'explain, no question',
    () => Reflect.apply(explain, undefined, ['node']),
    /^question: must be an object that names a syscall/,
  ],
  [
    'explain, a question that is a text',
    () => Reflect.apply(explain, undefined, ['node', 'read']),
    /^question: must be an object that names a syscall/,
  ],
  [
    'an unknown ABI',
    () => Reflect.apply(explain, undefined, ['node', { syscall: 'read' }, { abis: ['x64'] }]),
    /^options\.abis: unknown ABI "x64": use x86_64, x86, /,
  ],
  [
    'a limit as text',
    () => Reflect.apply(spawnSync, undefined, ['true', [], 'node', { rlimits: { nofile: '1' } }]),
    /^options\.rlimits\.nofile: must be an integer from 0 to .* not '1'$/,
  ],
])('%s is an error with a remedy', (_, call, message) => {
  expect(call).toThrowError(message);
});

test('record refuses an invalid command, as spawn does', async () => {
  await expect(Reflect.apply(record, undefined, [])).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
});
