/** A wrong call of each public function, by name. The test searches for the line that begins with the name. */
import { promisify } from 'node:util';
import * as seccomp from 'seccomp';
import * as testing from 'seccomp/testing';

const { arg, Profile, Sandbox } = seccomp;
const sandbox = new Sandbox('docker-default');
const running = seccomp.spawn('sleep', ['100'], 'docker-default', { stdio: 'ignore' });
running.unref();
process.on('exit', () => running.kill());
const broken = { policy: { abis: [] }, instructions: [{ code: 0xffff, jt: 0, jf: 0, k: 0 }], bytes: new Uint8Array(3) };

const MUCH = 'seq 1000000; seq 1000000 >&2; exit 3';
const mistakes = Array.from({ length: 5000 }, () => ({ names: ['read'], action: 'NO' }));

export const calls = {
  arg: () => arg(7),
  'arg.eq': () => arg(0).eq('AF_NOWHERE'),
  'arg.in': () => arg(0).in([]),
  checkProfile: () => seccomp.checkProfile('dokcer-default'),
  'checkProfile options': () => seccomp.checkProfile('docker-default', { mod: 'compat' }),
  compile: () => seccomp.compile('dokcer-default'),
  'compile policy': () => seccomp.compile({ abis: [], foreignAction: { kind: 'allow' } }),
  decompile: () => seccomp.decompile(broken),
  disassemble: () => seccomp.disassemble(broken),
  execve: () => seccomp.execve('true', 'dokcer-default'),
  'execve command': () => seccomp.execve('/nowhere/true', 'docker-default'),
  explain: () => seccomp.explain('docker-default', { syscall: 'opne' }),
  extend: () => seccomp.extend('unconfined'),
  fork: () => seccomp.fork('x.js', [], 'dokcer-default'),
  'fork option': () => seccomp.fork('x.js', [], 'docker-default', { shell: true }),
  "fork option of Node's": () => seccomp.fork('x.js', [], 'docker-default', { stdio: 'nothing' }),
  harden: () => seccomp.harden('dokcer-default'),
  'harden option': () => seccomp.harden('docker-default', { threads: 'none' }),
  listen: () => seccomp.listen('', {}),
  'listen address': () => seccomp.listen('/nowhere/socket', {}),
  loadProfile: () => seccomp.loadProfile('./nowhere.json'),
  'loadProfile text': () => seccomp.loadProfile('{"defaultAction": "SCMP_ACT_ERRRNO"}'),
  'loadProfile with many mistakes': () => seccomp.loadProfile({ defaultAction: 'SCMP_ACT_LOG', syscalls: mistakes }),
  parseProfile: () => seccomp.parseProfile('{'),
  'Profile.allowlist': () => Profile.allowlist({ action: 'eror' }),
  'Profile.allow': () => Profile.denylist().allow('opne'),
  'Profile.when': () => Profile.denylist().deny('open').when({ capability: 'CAP_NOTHING' }),
  record: () => seccomp.record('true', [], { compareArgument: true }),
  'record command': () => seccomp.record('/nowhere/true'),
  run: () => seccomp.run('true', [], 'dokcer-default'),
  'run command': () => seccomp.run('/nowhere/true', 'docker-default'),
  'run exit code': () => seccomp.run('false', 'docker-default'),
  'run much output': () => seccomp.run('sh', ['-c', MUCH], 'docker-default', { maxBuffer: 1e8 }),
  'run maxBuffer': () => seccomp.run('echo', ['much'], 'docker-default', { maxBuffer: 1 }),
  'run option': () => seccomp.run('true', [], 'docker-default', { encoding: 'utf9' }),
  Sandbox: () => new Sandbox('dokcer-default'),
  'Sandbox.spawn': () => sandbox.spawn('true', [], { cwd: 1 }),
  'Sandbox.spawnSync': () => sandbox.spawnSync('true', [], { cwd: 1 }),
  'Sandbox.execFile': () => sandbox.execFile('true', [], { cwd: 1 }),
  'Sandbox.execFileSync': () => sandbox.execFileSync('false'),
  'Sandbox.exec': () => sandbox.exec('true', { cwd: 1 }),
  'Sandbox.execSync': () => sandbox.execSync('exit 3'),
  'Sandbox.execFile promisified': () => promisify(sandbox.execFile)('false'),
  'Sandbox.exec promisified, option': () => promisify(sandbox.exec)('true', { cwd: 1 }),
  'Sandbox.fork': () => sandbox.fork('x.js', { rlimits: { nofiles: 1 } }),
  spawn: () => seccomp.spawn('true', [], 'dokcer-default'),
  'spawn option': () => seccomp.spawn('true', [], 'docker-default', { cwdd: '/' }),
  'spawn descriptor': () => seccomp.spawn('true', [], 'docker-default', { stdio: [-1] }),
  'spawn rlimits': () => seccomp.spawn('true', [], 'docker-default', { rlimits: { nofile: -1 } }),
  spawnSync: () => seccomp.spawnSync('true', [], 'dokcer-default'),
  'spawnSync timeout': () => seccomp.spawnSync('true', [], 'docker-default', { timeout: -1 }),
  'SandboxedProcess.kill': () => running.kill('SIGNOTHING'),
  syscallGroup: () => seccomp.compile(Profile.denylist().deny('@nothing')),
  'testing.assertAllowed': () => testing.assertAllowed('docker-default', 'mount'),
  'testing.assertDenied': () => testing.assertDenied('docker-default', 'read'),
  'testing.assertRunsUnder': () => testing.assertRunsUnder(['false'], 'docker-default'),
  'testing.assertNeedsNoMore': () => testing.assertNeedsNoMore(['true'], '/proc/self/cmdline'),
  'testing.neededSyscalls': () => testing.neededSyscalls(['/nowhere/true']),
  'testing.probe': () => testing.probe('docker-default', 'opne'),
};

/** Returns the error that a call throws or rejects with. */
export async function errorOf(name) {
  try {
    await calls[name]();
  } catch (error) {
    return error;
  }
  return undefined;
}
