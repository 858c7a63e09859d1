/** `seccomp doctor`: reports what this machine supports, and how to get what it lacks. */
import { styleText } from 'node:util';
import { Command, InvalidArgumentError } from 'commander';
import { type Features, FILTER_FLAGS, features } from '../../host.js';
import { SeccompError, spawn } from '../../index.js';
import type { KernelConfig } from '../../kernel/config.js';
import { noFilters, obstacleText } from '../../kernel/obstacle.js';
import { ACTION_KINDS } from '../../policy/action.js';
import { type LimitsSupport, limitsSupport } from '../../process-tree/limits-support.js';
import { endInWords } from '../../process-tree/program-end.js';
import { treeSupport } from '../../sandbox/plan/tree.js';
import { quoted, shownName } from '../../util/foreign-text.js';
import { compareKernelVersions, type KernelVersion, parseKernelVersion } from '../../util/kernel-version.js';
import { suggest } from '../../util/suggest.js';
import { exitWithResult } from '../exit-status.js';
import { print, printJson } from '../output/print.js';
import { outputWidth, wrap } from '../output/wrap.js';

/** What a check found. */
interface Finding {
  /**
   * `fail`: no program can be sandboxed here, or what is required is missing. `limit`: programs can be sandboxed, but a
   * feature is missing.
   */
  readonly state: 'ok' | 'limit' | 'fail' | 'info';
  readonly detail: string;
  readonly remedy: string | undefined;
}

/** One check of the report. */
interface Check extends Finding {
  readonly name: string;
}

const finding = (state: Finding['state'], detail: string, remedy?: string): Finding => ({ state, detail, remedy });

/** A feature that is there, or that is limited if something helps. */
const feature = (detail: string, remedy: string | undefined): Finding =>
  finding(remedy === undefined ? 'ok' : 'limit', detail, remedy);

export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('report what this machine supports, and how to get what it lacks')
    .description('Reports what this kernel, container and user support, and how to get what is missing.')
    .option('--json', 'print JSON')
    .option(
      '--require <dimensions>',
      `also exit with status 1 unless these are fully supported: ${Object.keys(DIMENSIONS).join(', ')}; separated by commas`,
      readDimensions,
    )
    .addHelpText('after', '\nExit status: 0 if programs can be sandboxed here, with all that is required; 1 if not.')
    .action(reportMachine);
}

/** The checks on which each dimension depends. */
const DIMENSIONS: Readonly<Record<string, readonly string[]>> = {
  isolation: ['isolation', 'privileges'],
  paths: ['paths'],
  network: ['trial run'],
  tree: ['tree'],
  limits: ['limits'],
  untrusted: ['isolation', 'paths', 'tree'],
};

/** The checks that must not be limited. */
function readDimensions(text: string): readonly string[] {
  return text.split(',').flatMap((name) => {
    if (Object.hasOwn(DIMENSIONS, name)) return DIMENSIONS[name] ?? [];
    const known = Object.keys(DIMENSIONS);
    throw new InvalidArgumentError(
      `unknown dimension ${quoted(name)}${suggest(name, known)}: give ${known.join(', ')}`,
    );
  });
}

interface DoctorFlags {
  readonly json?: boolean;
  readonly require?: readonly string[];
}

async function reportMachine({ json, require: required = [] }: DoctorFlags): Promise<void> {
  const checks = (await runChecks()).map(
    (check): Check => (check.state === 'limit' && required.includes(check.name) ? { ...check, state: 'fail' } : check),
  );
  const ok = checks.every(({ state }) => state !== 'fail');
  exitWithResult(ok);
  if (json) printJson({ ok, checks });
  else print(checks.map(checkLine).join(''));
}

async function runChecks(): Promise<readonly Check[]> {
  let found: Features;
  try {
    found = features();
  } catch (error) {
    if (!(error instanceof SeccompError)) throw error;
    return [{ name: 'addon', ...finding('fail', error.message) }];
  }
  const checks: Check[] = [];
  for (const [name, check] of CHECKS) checks.push({ name, ...(await check(found)) });
  return checks;
}

const CHECKS = new Map<string, (features: Features) => Finding | Promise<Finding>>([
  ['kernel', checkKernel],
  ['CONFIG_SECCOMP', checkConfig],
  ['actions', checkActions],
  ['flags', checkFilterFlags],
  ['isolation', checkIsolation],
  ['paths', checkPaths],
  ['tree', checkTree],
  ['limits', checkLimits],
  ['privileges', reportPrivileges],
  ['filters', reportFilters],
  ['container', reportContainer],
  ['trial run', tryProgram],
]);

/** waitid(2) accepts a pidfd since Linux 5.4. */
const OLDEST_KERNEL: KernelVersion = { major: 5, minor: 4 };

function checkKernel({ kernel }: Features): Finding {
  const detail = `Linux ${kernel} on ${process.arch}`;
  if (compareKernelVersions(parseKernelVersion(kernel), OLDEST_KERNEL) >= 0) return finding('ok', detail);
  return finding('fail', detail, 'Linux 5.4 or newer is needed (pidfd in clone and waitid)');
}

function checkConfig({ config, seccomp }: Features): Finding {
  if (seccomp) return finding('ok', `seccomp(2) works; ${configText(config)}`);
  return finding('fail', `seccomp(2) fails; ${configText(config)}`, obstacleText(noFilters()));
}

function configText(config: KernelConfig): string {
  if (config.file === null) return 'the configuration is in neither /proc/config.gz nor /boot/config-*';
  const options = ['CONFIG_SECCOMP', 'CONFIG_SECCOMP_FILTER'].map(
    (option) => `${option}=${config.options[option] ?? 'n'}`,
  );
  return `${options.join(', ')} (${config.file})`;
}

/** The detail of what can't be asked. */
const UNKNOWN = 'unknown, as seccomp(2) fails';

function checkActions({ actions, seccomp }: Features): Finding {
  if (!seccomp) return finding('limit', UNKNOWN);
  const missing = ACTION_KINDS.filter((kind) => !actions.includes(kind)).join(', ');
  return feature(actions.join(', ') || 'none', missing === '' ? undefined : `newer kernels also have ${missing}`);
}

/** The first version in which an answered call is not repeated; stable releases of October 2025 have the same change. */
const ANSWERS_ONCE: KernelVersion = { major: 6, minor: 18 };

function checkFilterFlags({ flags, kernel, seccomp }: Features): Finding {
  if (!seccomp) return finding('limit', UNKNOWN);
  const missing = FILTER_FLAGS.filter(({ name }) => !flags.includes(name));
  const isOld = compareKernelVersions(parseKernelVersion(kernel), ANSWERS_ONCE) < 0;
  const repeats = isOld && flags.includes('WAIT_KILLABLE_RECV') ? `; ${REPEATS}` : '';
  const remedy = missing.map(({ name, since }) => `${name} needs Linux ${since}`).join(', ');
  return feature(`${flags.join(', ') || 'none'}${repeats}`, remedy || undefined);
}

const REPEATS =
  'before Linux 6.18 and the stable releases of October 2025, a signal may repeat a call that a handler or an agent has answered';

function checkIsolation({ isolation: { by, reason, obstacle } }: Features): Finding {
  if (by === 'scopes')
    return finding(
      'ok',
      "children can't reach memory, descriptors, signals and abstract sockets of other processes (Landlock)",
    );
  if (by === 'domain') {
    const closed = "children can't reach memory and descriptors of other processes, and can't mount";
    const detail = `${closed}, but can signal other processes (${reason})`;
    return finding('limit', detail, 'use Linux 6.12 or newer, or run children with another uid');
  }
  return finding(
    'limit',
    `children can reach memory, descriptors and signals of other processes of the same user: ${obstacle?.reason ?? reason}`,
    `${obstacle?.remedy ?? 'use Linux 6.12 or newer with Landlock'}, or run children with another uid`,
  );
}

/** Rights that older versions of Landlock lack, and what happens there instead. */
const LATER_RIGHTS = [
  { right: 'REFER', since: '5.19', instead: 'moving and linking files between directories is denied', isOpen: false },
  {
    right: 'TRUNCATE',
    since: '6.2',
    instead: 'the filter denies truncate(2), and truncating a file that is not opened for writing',
    isOpen: false,
  },
  {
    right: 'IOCTL_DEV',
    since: '6.10',
    instead: 'ioctl(2) is open on devices that may be read, and the filter denies openat2(2)',
    isOpen: true,
  },
  {
    right: 'RESOLVE_UNIX',
    since: '7.1',
    instead: 'the filter denies Unix sockets, except for pairs of stream sockets, and io_uring',
    isOpen: false,
  },
];

function checkPaths({ paths: { missing, abi, reason, obstacle } }: Features): Finding {
  const subject = 'the access of children to files';
  if (reason !== null) {
    const remedy = obstacle?.remedy ?? 'use Linux 6.10 or newer with Landlock; 5.13 has most of it';
    return finding('limit', `${subject} can't be restricted: ${obstacle?.reason ?? reason}`, remedy);
  }
  const later = LATER_RIGHTS.filter(({ right }) => missing.some((each) => each === right));
  const others = missing.filter((each) => !LATER_RIGHTS.some(({ right }) => right === each));
  const detail = [
    `${subject} can be restricted (Landlock, ABI ${abi})`,
    ...later.map(({ right, instead }) => `without ${right}, ${instead}`),
    ...others.map((right) => `${right} can't be restricted`),
  ].join('; ');
  const remedies = later.filter(({ isOpen }) => isOpen).map(({ right, since }) => `${right} needs Linux ${since}`);
  if (others.length > 0) remedies.push('use a kernel that has all rights of its Landlock version');
  return feature(detail, remedies.join(', ') || undefined);
}

function checkTree({ isolation: { obstacle } }: Features): Finding {
  const { by, reason } = treeSupport();
  if (by === 'guardian') return finding('ok', 'children can be ended with all that they started (guardian)');
  const remedy = `${obstacle?.remedy ?? 'use Linux 6.12 or newer with Landlock'}, or give descendants: 'kill', which keeps children in a process group`;
  const detail = `what children started isn't ended with them by default: ${obstacle?.reason ?? reason}`;
  return finding('limit', detail, remedy);
}

/** How the report names what can be limited. */
const LIMITED: Readonly<Record<LimitsSupport['names'][number], string>> = {
  memory: 'memory',
  processes: 'processes',
  cpu: 'CPU time',
};

/** The remedy that needs no cgroup. */
const SAMPLING = "or give limits with exact: 'preferred' (--sampled), which a guardian enforces where no cgroup can";

function checkLimits(): Finding {
  const { names, cgroup, obstacle, delegated } = limitsSupport();
  const all = Object.values(LIMITED);
  const possible = names.map((each) => LIMITED[each]);
  const impossible = all.filter((each) => !possible.includes(each));
  const subject = `${list(possible)} of children can be limited, by cgroups in ${shownName(cgroup ?? '')}`;
  if (obstacle === null) return finding('ok', subject);
  // Without a controller, moving helps no limit.
  const first = delegated?.names.length === 0 ? delegated.obstacle : null;
  const { reason, remedy } = first ?? obstacle;
  const sampling = treeSupport().by === 'guardian' ? SAMPLING : undefined;
  if (names.length > 0) {
    const detail = `${subject}, but not ${list(impossible)}: ${reason}`;
    return finding('limit', detail, clauses(remedy, sampling));
  }
  const later = first === null ? delegated?.obstacle : null;
  return finding(
    'limit',
    clauses(`${list(all)} of children can't be limited: ${reason}`, later?.reason),
    clauses(remedy, later?.remedy, sampling),
  );
}

const clauses = (...each: readonly (string | undefined)[]) => each.filter(Boolean).join('; ');

const list = (words: readonly string[]) => words.join(', ').replace(/, (?=[^,]*$)/, ' and ');

/** For a state that is unknown. */
const READ_PROC = 'let the sandbox of this process read /proc: --read /proc; without a sandbox, mount /proc';

function reportPrivileges({ self }: Features): Finding {
  if (self.reason !== null) return finding('limit', `unknown: ${self.reason}`, READ_PROC);
  const holds = self.capabilities.includes('CAP_SYS_ADMIN') ? 'has' : 'does not have';
  const state = `uid ${self.uid} ${holds} CAP_SYS_ADMIN, no_new_privs is ${self.noNewPrivileges ? 'set' : 'not set'}`;
  const detail = `${state}; only noNewPrivileges: false needs CAP_SYS_ADMIN`;
  if (self.uid !== 0) return { detail, state: 'info', remedy: undefined };
  const remedy =
    'as root, children can write files that control the kernel, so that isolation is not complete: give them another uid';
  return { detail, state: 'limit', remedy };
}

function reportFilters({ self }: Features): Finding {
  if (self.reason !== null) return finding('limit', `unknown: ${self.reason}`, READ_PROC);
  if (self.mode === 0) return finding('info', 'none is attached to this process');
  const count = self.filters === null ? 'some are' : self.filters === 1 ? '1 is' : `${self.filters} are`;
  return finding('info', `${count} attached to this process: the strictest filter decides each call`);
}

function reportContainer({ container, self }: Features): Finding {
  const filtered = self.mode === 2 ? ', with a seccomp filter' : '';
  return finding('info', container === null ? 'none detected' : `${container}${filtered}`);
}

/** Runs a program under a profile: the proof that it works here. */
async function tryProgram(): Promise<Finding> {
  try {
    const child = spawn(process.execPath, ['-e', ''], 'docker-default', { stdio: 'ignore' });
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject).on('exit', () => resolve());
    });
    const { end } = child;
    if (end.code === 0) return finding('ok', 'a Node program ran under docker-default');
    return finding('fail', `a Node program under docker-default ended with ${endInWords(end)}`);
  } catch (error) {
    return finding('fail', error instanceof Error ? error.message : String(error));
  }
}

/** The column of the details. */
const COLUMN = 17;

function checkLine({ name, state, detail, remedy }: Check): string {
  const marks = {
    ok: styleText('green', '✓'),
    limit: styleText('yellow', '!'),
    fail: styleText('red', '✗'),
    info: styleText('dim', '·'),
  };
  const width = outputWidth();
  const advice = remedy === undefined ? '' : `${' '.repeat(COLUMN)}→ ${wrap(remedy, COLUMN + 2, width).join('\n')}\n`;
  return `${marks[state]} ${name.padEnd(COLUMN - 3)} ${wrap(detail, COLUMN, width).join('\n')}\n${advice}`;
}
