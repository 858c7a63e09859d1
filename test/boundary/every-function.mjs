// Calls every public function, and returns the results: the kernel's decisions, and the return values of pure
// functions.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as seccomp from 'seccomp';

const { Profile, arg } = seccomp;

const HOST = { abi: 'x86_64', kernel: { major: 6, minor: 1 }, capabilities: new Set(['CAP_CHOWN']) };
const TEXT = `{
  "defaultAction": "SCMP_ACT_ALLOW",
  "archMap": [{ "architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"] }],
  "syscalls": [
    { "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77 },
    { "names": ["chroot"], "action": "SCMP_ACT_ERRNO", "excludes": { "caps": ["CAP_SYS_CHROOT"] } },
    { "names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{ "index": 0, "value": 16, "op": "SCMP_CMP_EQ" }] },
    { "names": ["personality"], "action": "SCMP_ACT_ERRNO",
      "args": [{ "index": 0, "value": 8, "valueTwo": 8, "op": "SCMP_CMP_MASKED_EQ" }] }
  ]
}`;
/** Allows a few calls, some by their arguments. */
const FEW = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [
    { names: ['read', 'write', 'mkdir', 'chroot'], action: 'SCMP_ACT_ALLOW' },
    { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 16, op: 'SCMP_CMP_LE' }] },
    {
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 8, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    },
  ],
};
/** The profile as an object, without optional fields. */
const denying = (...names) => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }] });

const folder = mkdtempSync(join(tmpdir(), 'seccomp-'));
process.once('exit', () => rmSync(folder, { recursive: true }));
const file = join(folder, 'profile.json');
writeFileSync(file, TEXT);
const childFile = join(folder, 'child.cjs');
writeFileSync(
  childFile,
  "let code = 0; try { require('fs').mkdirSync(process.argv[2]) } catch (e) { code = e.errno } process.exit(-code);",
);
/** Forked with `execPath: '/bin/sh'`, it starts in a hundredth of the time of a Node. */
const childScript = join(folder, 'child.sh');
writeFileSync(childScript, 'mkdir "$1"');

const digest = ({ bytes }) => Buffer.from(bytes).toString('base64');
const own = (error, name) => (Object.hasOwn(error, name) ? error[name] : undefined);
const codeOf = (error) => `${error.name} ${own(error, 'code') ?? own(error, 'exitCode')}`;
const outcome = (work) => {
  try {
    return work();
  } catch (error) {
    return codeOf(error);
  }
};
const end = (child) => {
  child.on('error', () => {});
  return new Promise((resolve) => child.on('close', (code, signal) => resolve([code, signal])));
};
/** A folder that does not exist. */
let folders = 0;
const newFolder = () => join(folder, `new ${folders++}`);

/** The functions by name. Those that start programs return the kernel's decision. */
export const STEPS = {
  isSupported: () => seccomp.isSupported(),
  loadProfile: () => [
    ...['docker-default', 'podman-default', 'node', TEXT, denying('mkdir')].map((source) =>
      digest(seccomp.compile(source)),
    ),
    seccomp.loadProfile('unconfined'),
    outcome(() => seccomp.loadProfile('nothing-of-that-name')),
  ],
  files: () => [digest(seccomp.compile(file)), seccomp.spawnSync('mkdir', [newFolder()], file).status],
  parseProfile: () => seccomp.stringify(seccomp.parseProfile(TEXT, { mode: 'compat' })),
  checkProfile: () => [
    seccomp.checkProfile(TEXT, { host: HOST }),
    seccomp.checkProfile({ defaultAction: 'SCMP_ACT_WHAT', syscalls: [{ names: ['mkdirr'], action: 1, args: [{}] }] }),
    seccomp.checkProfile('{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": 1, "syscals": []}'),
  ],
  builder: () =>
    [
      Profile.allowlist()
        .allow('read', 'write')
        .allow('socket', arg(0).eq('AF_UNIX'))
        .deny('write', arg(0).in([3, 4])),
      Profile.allowlist({ action: 'trap' }).allow('@network').comment('why').abis('x86'),
      Profile.denylist().deny('mkdir', { errno: 'EACCES' }).when({ capability: 'CAP_CHOWN', minKernel: '5.8' }),
      Profile.denylist()
        .kill('chroot')
        .unless({ arch: ['aarch64'] })
        .log('read')
        .notify('openat')
        .trap('mount'),
      seccomp.extend('docker-default').deny('@network').allow('personality', arg(0).masked(8, 8)),
    ].map((profile) => [seccomp.stringify(profile), textOf(profile.toJSON())]),
  compile: () => [
    digest(seccomp.compile(['docker-default', 'node-no-network'])),
    digest(seccomp.compile('docker-default', { capabilities: ['CAP_SYS_ADMIN'], abis: ['x86', 'x32'] })),
    digest(seccomp.compile(TEXT, { host: HOST })),
    seccomp.disassemble(seccomp.compile(TEXT)),
    seccomp.prove(seccomp.compile('node')) !== undefined,
    outcome(() => seccomp.compile('unconfined')),
  ],
  algebra: () => {
    const [a, b] = [seccomp.compile(FEW).policy, seccomp.compile(TEXT).policy];
    const policies = [seccomp.intersect(a, b), seccomp.union(a, b), seccomp.decompile(seccomp.compile(b).bytes)];
    return [
      policies.map((policy) => digest(seccomp.compile(policy))),
      seccomp.compare(a, b).differences.length,
      seccomp.evaluate(a, { arch: 0xc000003e, number: 83, args: [0n, 0n, 0n, 0n, 0n, 0n] }).kind,
      digest(seccomp.compile(seccomp.resolve(seccomp.parseProfile(TEXT), HOST))),
      seccomp.stringify(seccomp.intersect(FEW, TEXT)).length,
      seccomp.compare(seccomp.union('compute', TEXT, { abis: [] }), FEW, { host: seccomp.thisHost() }).relation,
    ];
  },
  explain: () => [
    seccomp.explain('docker-default', { syscall: 'mount' }),
    seccomp.explain(TEXT, { syscall: 'socket', args: [16] }, { host: HOST }),
  ],
  names: () => [seccomp.syscallGroup('@mount').syscalls.length, seccomp.constants.AF_INET],
  spawnSync: () => [
    ...['docker-default', denying('unshare'), TEXT].map((profile) => {
      return seccomp.spawnSync('unshare', ['--mount', 'true'], profile, { stdio: 'ignore' }).status;
    }),
    String(seccomp.spawnSync('cat', [], ['docker-default', TEXT], { input: 'text' }).stdout),
    seccomp.spawnSync('mkdir', [newFolder()], TEXT, { encoding: 'utf8' }).stderr.includes('ENOTDIR'),
    seccomp.spawnSync('mkdir', [newFolder()], 'unconfined').status,
    seccomp.spawnSync('/nonexistent', 'docker-default').error.code,
    seccomp.spawnSync('sh', ['-c', 'ulimit -n; echo $A; pwd'], 'docker-default', {
      rlimits: { nofile: { soft: 50, hard: 60 } },
      env: { A: 'b' },
      cwd: '/',
      encoding: 'utf8',
    }).stdout,
    seccomp.spawnSync('/usr/bin/env', ['-u', 'PWD'], 'unconfined', { env: {}, encoding: 'utf8' }).stdout,
    seccomp
      .spawnSync('unshare', ['--mount', 'true'], 'docker-default', { onViolation: true })
      .violations.map(({ syscall }) => syscall),
    ...[undefined, null, '', false, []].map((nothing) => outcome(() => seccomp.spawnSync('true', [], nothing))),
  ],
  paths: () => {
    const options = { paths: { read: ['@system'] }, onViolation: true, reportPaths: true };
    const denied = (...command) =>
      seccomp
        .spawnSync('/usr/bin/env', command, 'docker-default', options)
        .violations.map(({ why, remedy }) => `${why} ${textOf(remedy)}`.replaceAll(folder, 'folder'));
    return [denied('cat', file), denied('touch', newFolder())];
  },
  // The program does not exist, so this process goes on.
  execve: () => [
    outcome(() => seccomp.execve('/nonexistent', ['a'], 'docker-default', { env: { A: 'b' }, cwd: '/' })),
    outcome(() => seccomp.execve('/nonexistent', [], TEXT, { paths: { read: ['@system'] } })),
  ],
  spawn: async () => {
    const watched = seccomp.spawn('unshare', ['--mount', 'true'], 'docker-default', {
      onViolation: () => {},
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ends = [
      await end(watched),
      watched.violations.map(({ syscall, decoded }) => [syscall, decoded]),
      await end(seccomp.spawn('mkdir', [newFolder()], TEXT, { shell: true, detached: true, logDenied: false })),
      await end(seccomp.spawn('true', [], 'unconfined', { stdio: 'ignore' })),
      await end(seccomp.spawn('sleep', ['60'], 'node', { timeout: 30, killSignal: 'SIGKILL' })),
      await end(seccomp.spawn('/nonexistent', [], 'docker-default')),
      await end(seccomp.spawn('sleep', ['60'], 'node', { signal: AbortSignal.timeout(30) })),
    ];
    return ends;
  },
  notify: async () => {
    const answers = [
      (call) => call.deny('EXDEV'),
      async (call) => call.deny(18),
      () => {
        throw new Error('thrown');
      },
      () => ({ continue: true }),
      () => new Promise(() => {}),
    ];
    const results = [];
    for (const mkdir of answers) {
      const child = seccomp.spawn('mkdir', [newFolder()], TEXT, {
        notify: { mkdir },
        notifyTimeout: 30,
        stdio: 'ignore',
      });
      child.on('handlerError', () => {});
      results.push(await end(child));
    }
    return results;
  },
  loadSandbox: async () => {
    const text = `{ "extends": "untrusted", "paths": { "read": [{ "path": ".", "optional": true }] }, "limits": { "cpu": 1.5 },
      "rlimits": { "nofile": { "soft": 32, "hard": 64 } }, "env": { "A": "b" }, "profile": ${TEXT} }`;
    const sandboxFile = join(folder, 'sandbox.json');
    writeFileSync(sandboxFile, text);
    const sandbox = seccomp.loadSandbox(sandboxFile);
    const options = { cwd: folder, encoding: 'utf8' };
    return [
      String(Object.keys(sandbox.contents)),
      outcome(() =>
        seccomp.loadSandbox('{ "extends": 5, "timeout": "1m", "paths": { "read": [5, "~/x"] }, "more": 1 }'),
      ),
      outcome(() => seccomp.loadSandbox({ env: ['A'], isolate: {}, profile: ['node'], limits: { memory: 1 } })),
      outcome(() => seccomp.loadSandbox('untrusted').contents.timeout),
      outcome(() => seccomp.spawnSync('sh', ['-c', 'echo $A; ulimit -n'], sandbox, options).stdout),
      outcome(() => new seccomp.Sandbox(sandbox, options).execFileSync('echo', ['text'])),
      await seccomp
        .run('echo', ['text'], 'untrusted', { cwd: folder, bestEffort: true })
        .then(({ stdout, enforcement }) => [stdout, Object.keys(enforcement)], codeOf),
    ];
  },
  run: async () => [
    (await seccomp.run('echo', ['text'], 'docker-default', { timeout: 10_000, maxBuffer: 100 })).stdout,
    await seccomp.run('unshare', ['--mount', 'true'], 'docker-default', { onViolation: true }).catch(codeOf),
    await seccomp.run('sleep', ['60'], 'node', { timeout: 20 }).catch(codeOf),
    await seccomp.run('mkdir', [newFolder()], TEXT).catch(codeOf),
    await seccomp.run('/nonexistent', [], TEXT).catch(codeOf),
  ],
  Sandbox: async () => {
    const sandbox = new seccomp.Sandbox(TEXT, { timeout: 10_000 });
    const done = (start) =>
      new Promise((resolve) => start((error, stdout) => resolve([error && codeOf(error), stdout])));
    return [
      sandbox.spawnSync('mkdir', [newFolder()]).status,
      String(sandbox.execFileSync('echo', ['text'], { stdio: 'pipe' })),
      sandbox.execSync('echo text', { encoding: 'utf8', stdio: 'pipe' }),
      outcome(() => sandbox.execFileSync('mkdir', [newFolder()], { stdio: 'ignore' })),
      await done((back) => sandbox.execFile('mkdir', [newFolder()], back)),
      await done((back) => sandbox.exec('echo text', { encoding: 'utf8' }, back)),
      await end(sandbox.spawn('mkdir', [newFolder()])),
      await end(sandbox.fork(childFile, [newFolder()])),
    ];
  },
  fork: async () => [
    await end(seccomp.fork(childScript, [newFolder()], TEXT, { silent: true, execPath: '/bin/sh', execArgv: [] })),
    await end(seccomp.fork(childScript, [newFolder()], 'unconfined', { execPath: '/bin/sh', execArgv: [] })),
  ],
  record: async () => {
    const { profile, exitCode } = await seccomp.record('mkdir', [newFolder()], { compareArguments: true });
    const merged = await seccomp.record('true', [], { merge: TEXT, containerStart: false, stdio: 'ignore' });
    const allows =
      (names) =>
      ({ syscalls }) =>
        syscalls.some((rule) => names.some((name) => rule.names.includes(name)));
    const missing = await seccomp.record('/nonexistent', []).catch(codeOf);
    return [missing, exitCode, allows(['mkdir', 'mkdirat'])(profile.document), merged.exitCode];
  },
  listen: async () => {
    const path = join(folder, `${folders++}.sock`);
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      listenerPath: path,
      syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }],
    };
    const agent = seccomp.listen(path, { mkdir: (call) => call.deny('EXDEV') });
    const ended = await end(seccomp.spawn('mkdir', [newFolder()], profile, { stdio: 'ignore' }));
    await agent.close();
    return ended;
  },
};

/** Like JSON.stringify, which a polluted `toJSON` would change. */
export function textOf(value) {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error) return codeOf(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  return `{${Object.keys(value)
    .map((key) => `${key}:${textOf(value[key])}`)
    .join()}}`;
}
