/** Runs scripts with the built package, each in a Node process of its own, as filters can't be detached. */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { CAPABILITIES } from '../../lib/syscalls/capabilities.js';
import { once } from '../../lib/util/memo.js';
import { packageRoot } from './root.js';

export { packageRoot };

export interface ScriptOptions {
  /** Node's own options. */
  readonly execArgv?: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A capability that the script's process lacks. */
  readonly without?: string;
}

/** Runs CommonJS code to its end. */
export function script(code: string, { execArgv = [], env = {}, without }: ScriptOptions = {}) {
  const args = [...execArgv, '-e', PRELUDE + code];
  const options = {
    encoding: 'utf8',
    cwd: packageRoot,
    env: { ...process.env, ...env },
    timeout: 120_000,
  } as const;
  const { status, signal, stdout, stderr } =
    without !== undefined && hasCapability(without)
      ? spawnSync(process.execPath, args, 'unconfined', { ...options, ...lacking(without) })
      : nodeSpawnSync(process.execPath, args, options);
  return { status, signal, stdout: String(stdout), stderr: String(stderr) };
}

/**
 * Options of spawn for a child that lacks one capability, and is like this process otherwise. A child of another user
 * could not read a checkout that only root can enter.
 */
export function lacking(capability: string) {
  return { capabilities: CAPABILITIES.filter((name) => name !== capability), noNewPrivileges: false };
}

/** Whether this process has a capability in its effective set. */
export function hasCapability(name: string): boolean {
  const bits = /^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${bits}`) >> BigInt((CAPABILITIES as readonly string[]).indexOf(name))) & 1n) === 1n;
}

/** Whether this process has a filter already. */
export function isFiltered(): boolean {
  return !/^Seccomp:\s*0$/m.test(readFileSync('/proc/self/status', 'utf8'));
}

/** Whether no_new_privs is set for this process, and so for its children: `docker run` has an option for that. */
export function hasNoNewPrivs(): boolean {
  return /^NoNewPrivs:\s*1$/m.test(readFileSync('/proc/self/status', 'utf8'));
}

/** The reason to skip tests without no_new_privs. */
export const NO_NEW_PRIVS = 'this process has no_new_privs already';

/** Runs the body of an async function, and returns its result. */
export function evaluateScript(body: string, options: ScriptOptions = {}): unknown {
  const code = `(async () => {${body}})().then((result) => {
    console.log('\\n' + JSON.stringify(result));
    process.exit();
  });`;
  const { status, signal, stdout, stderr } = script(code, options);
  if (status !== 0) throw new Error(`the script ended with ${signal ?? status}: ${stderr}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

/** Code before each script. Defines names for the package, for modules of Node, and for a few functions. */
const PRELUDE = `
  const sandbox = require('seccomp');
  const childProcess = require('node:child_process');
  const fs = require('node:fs');
  const { once } = require('node:events');
  const { Worker } = require('node:worker_threads');
  const denying = (errnoRet, ...names) => ({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names, action: 'SCMP_ACT_ERRNO', errnoRet }],
  });
  const field = (file, name) => fs.readFileSync(file, 'utf8').split(name + ':')[1].split('\\n')[0].trim();
  const threads = (name) => fs.readdirSync('/proc/self/task').map((id) => field('/proc/self/task/' + id + '/status', name));
  const rings = () => fs.readdirSync('/proc/self/fd').filter((fd) => {
    try { return fs.readlinkSync('/proc/self/fd/' + fd) === 'anon_inode:[io_uring]'; } catch { return false; }
  });
  // The errno or code with which a call fails.
  const failure = (call) => { try { call(); return null; } catch (error) { return error.errno ?? error.code; } };
  const failureOf = (promise) => promise.then(() => null, (error) => error.errno);
`;

/** With this, Node uses io_uring, which it does by default from libuv 1.49 on. */
export const WITH_RINGS: Readonly<Record<string, string>> = { UV_USE_IO_URING: '1' };
/** With this, Node can change its user, unless `changesNoUser`. */
export const WITHOUT_RINGS: Readonly<Record<string, string>> = { UV_USE_IO_URING: '0' };

/** Whether this Node refuses to change its user although UV_USE_IO_URING is 0, as Debian's Node 20 does. */
export const changesNoUser = once(() =>
  script('process.seteuid(process.geteuid())', { env: WITHOUT_RINGS }).stderr.includes('io_uring may be enabled'),
);

/** The reason to skip tests of a Node that changes its user. */
export const NO_CHANGE_OF_USER = 'this Node refuses to become another user, since io_uring may be on';

/** Code for a parent whose children import `seccomp/register`: prevents that the children use io_uring. */
export const NO_RINGS = `sandbox.harden(denying(38, 'io_uring_setup'));`;
