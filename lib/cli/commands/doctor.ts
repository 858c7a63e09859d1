/** `seccomp doctor`: what this machine can do with filters, and what to do about what it can't. */
import { styleText } from 'node:util';
import { Command } from 'commander';
import { type Features, FILTER_FLAGS, features } from '../../host.js';
import { SeccompError, spawn } from '../../index.js';
import { ACTION_KINDS } from '../../policy/action.js';
import { compareKernelVersions, type KernelVersion, parseKernelVersion } from '../../util/kernel-version.js';
import { print } from '../output/print.js';

/** One line of the report. */
interface Check {
  readonly name: string;
  /** `fail`: programs can't be sandboxed here. `limit`: they can, but something is missing. */
  readonly state: 'ok' | 'limit' | 'fail' | 'info';
  readonly detail: string;
  readonly remedy?: string;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'report what this kernel, container and user can do, and what to do about what they can’t; exit 1 if nothing can be sandboxed',
    )
    .option('--json', 'print the report as JSON', false)
    .action(doctor);
}

async function doctor({ json }: { readonly json: boolean }): Promise<void> {
  const checks = await examine();
  process.exitCode = checks.some(({ state }) => state === 'fail') ? 1 : 0;
  if (json) print(`${JSON.stringify({ ok: process.exitCode === 0, checks }, null, 2)}\n`);
  else print(checks.map(line).join(''));
}

async function examine(): Promise<readonly Check[]> {
  let found: Features;
  try {
    found = features();
  } catch (error) {
    if (!(error instanceof SeccompError)) throw error;
    return [{ name: 'addon', state: 'fail', detail: error.message }];
  }
  return [
    kernel(found),
    config(found),
    actions(found),
    flags(found),
    isolation(found),
    privileges(found),
    stack(found),
    container(found),
    await proof(),
  ];
}

/** waitid(2) takes a pidfd since 5.4. */
const OLDEST_KERNEL: KernelVersion = { major: 5, minor: 4 };

function kernel({ kernel }: Features): Check {
  const detail = `Linux ${kernel} on ${process.arch}`;
  if (compareKernelVersions(parseKernelVersion(kernel), OLDEST_KERNEL) >= 0)
    return { name: 'kernel', state: 'ok', detail };
  return { name: 'kernel', state: 'fail', detail, remedy: 'Linux 5.4 or newer is needed (pidfd in clone and waitid)' };
}

function config({ config, seccomp }: Features): Check {
  const name = 'CONFIG_SECCOMP';
  const remedy = 'use a kernel built with CONFIG_SECCOMP=y and CONFIG_SECCOMP_FILTER=y';
  if (config.file === null) {
    const detail = `neither /proc/config.gz nor /boot/config-* is to be seen; seccomp(2) ${seccomp ? 'answers' : 'does not answer'}`;
    return seccomp ? { name, state: 'ok', detail } : { name, state: 'fail', detail, remedy };
  }
  const options = ['CONFIG_SECCOMP', 'CONFIG_SECCOMP_FILTER'].map(
    (option) => `${option}=${config.options[option] ?? 'n'}`,
  );
  const detail = `${options.join(', ')} (${config.file}); seccomp(2) ${seccomp ? 'answers' : 'does not answer'}`;
  if (seccomp) return { name, state: 'ok', detail };
  const built = options.every((option) => option.endsWith('=y'));
  return {
    name,
    state: 'fail',
    detail,
    remedy: built ? 'a filter that is on already forbids seccomp(2): ask whoever put it on' : remedy,
  };
}

function actions({ actions }: Features): Check {
  const missing = ACTION_KINDS.filter((kind) => !actions.includes(kind));
  const detail = actions.length === 0 ? 'none known' : actions.join(', ');
  if (missing.length === 0) return { name: 'actions', state: 'ok', detail };
  return { name: 'actions', state: 'limit', detail, remedy: `a newer kernel has ${missing.join(', ')} too` };
}

function flags({ flags }: Features): Check {
  const missing = FILTER_FLAGS.filter(({ name }) => !flags.includes(name));
  const detail = flags.length === 0 ? 'none known' : flags.join(', ');
  if (missing.length === 0) return { name: 'flags', state: 'ok', detail };
  const remedy = missing.map(({ name, since }) => `${name} came with Linux ${since}`).join(', ');
  return { name: 'flags', state: 'limit', detail, remedy };
}

function isolation({ isolation: { by, reason }, self }: Features): Check {
  const name = 'isolation';
  const all = 'children do not reach memory, descriptors, signals and abstract sockets of others (Landlock)';
  if (by === 'scopes' && self.uid !== 0) return { name, state: 'ok', detail: all };
  if (by === 'scopes')
    return {
      name,
      state: 'info',
      detail: `${all}; those that are root write files that the kernel acts on: give them another uid`,
    };
  if (by === 'domain') {
    const detail = `children do not reach memory and descriptors of others, but signal them (${reason}); they can't mount`;
    return {
      name,
      state: 'limit',
      detail,
      remedy: 'Linux 6.12 or newer has the rest; another uid for children also helps',
    };
  }
  const detail = `children reach memory, descriptors and signals of others that run as the same user: ${reason}`;
  return {
    name,
    state: 'limit',
    detail,
    remedy: 'use a kernel with Landlock of Linux 6.12 or newer, or give children another uid',
  };
}

function privileges({ self }: Features): Check {
  const privileged = self.capabilities.includes('CAP_SYS_ADMIN');
  const detail = `uid ${self.uid}, no_new_privs ${self.noNewPrivileges ? 'set' : 'not set'}, CAP_SYS_ADMIN ${privileged ? 'held' : 'not held'}`;
  return {
    name: 'privileges',
    state: 'info',
    detail: `${detail}; none is needed, noNewPrivileges: false needs CAP_SYS_ADMIN`,
  };
}

function stack({ self }: Features): Check {
  const name = 'filters on';
  if (self.mode === 0) return { name, state: 'info', detail: 'none' };
  const count = self.filters === null ? 'some' : String(self.filters);
  const detail = `${count} on this process already; they stay in force, and the strictest answer counts`;
  return { name, state: 'info', detail };
}

function container({ container, self }: Features): Check {
  const detail =
    container === null ? 'none seen' : `${container}${self.mode === 2 ? ', with a filter of its own' : ''}`;
  return { name: 'container', state: 'info', detail };
}

/** The proof is a program that runs. */
async function proof(): Promise<Check> {
  const name = 'try it';
  try {
    const child = spawn(process.execPath, ['-e', ''], 'docker-default', { stdio: 'ignore' });
    const [code, signal] = await new Promise<readonly [number | null, string | null]>((resolve, reject) => {
      child.on('error', reject).on('exit', (...end) => resolve(end));
    });
    if (code === 0) return { name, state: 'ok', detail: 'a Node program ran under docker-default' };
    return { name, state: 'fail', detail: `a Node program under docker-default ended with ${signal ?? code}` };
  } catch (error) {
    return { name, state: 'fail', detail: error instanceof Error ? error.message : String(error) };
  }
}

function line({ name, state, detail, remedy }: Check): string {
  const marks = {
    ok: styleText('green', '✓'),
    limit: styleText('yellow', '!'),
    fail: styleText('red', '✗'),
    info: styleText('dim', '·'),
  };
  const advice = remedy === undefined ? '' : `  ${''.padEnd(14)} → ${remedy}\n`;
  return `${marks[state]} ${name.padEnd(14)} ${detail}\n${advice}`;
}
