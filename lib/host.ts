/** This machine: the host that profiles are resolved against, and the seccomp features of its kernel. */
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { SeccompError } from './errors.js';
import { kernelConfig } from './kernel/config.js';
import { noFilters } from './kernel/obstacle.js';
import { attachedFilters, readStatus } from './kernel/process-status.js';
import { isolationSupport, type Support } from './landlock/domain.js';
import { ALL_RIGHTS, rightsIn } from './landlock/paths/rights.js';
import { pathsSupport } from './landlock/paths/support.js';
import { addon } from './native.js';
import { ACTION_KINDS, type AttachFlag, actionBase } from './policy/action.js';
import type { Host } from './profile/resolve/resolve.js';
import { ABIS, type AbiName, abisOfMachine } from './syscalls/abi.js';
import { capabilitiesIn } from './syscalls/capabilities.js';
import { ABOVE_EVERY_KERNEL, type KernelVersion, parseKernelVersion } from './util/kernel-version.js';
import { once } from './util/memo.js';

/** The ABI of each value of `process.arch`. */
const NATIVE: Readonly<Record<string, AbiName>> = {
  x64: 'x86_64',
  ia32: 'x86',
  arm64: 'aarch64',
  arm: 'arm',
  riscv64: 'riscv64',
  loong64: 'loongarch64',
  s390x: 's390x',
  ppc64: 'ppc64le',
};

/** The native ABI of this machine; undefined if this package has no syscall table for its CPU. */
export const thisMachine = (): AbiName | undefined => NATIVE[process.arch];

/**
 * Returns this machine as a host, for a process that holds `capabilities`. On an operating system other than Linux, the
 * kernel's version is above every other.
 *
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if this package has no syscall table for the CPU.
 */
export function thisHost(capabilities: readonly string[] = [], abis?: readonly AbiName[]): Host {
  const abi = thisMachine();
  if (abi === undefined)
    throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', `no syscall table for the CPU ${process.arch}: give a host`);
  return { abi, kernel: thisKernel(), capabilities: new Set(capabilities), abis };
}

/** The version of this kernel; above every other on an operating system other than Linux. */
export const thisKernel = (): KernelVersion =>
  process.platform === 'linux' ? parseKernelVersion(release()) : ABOVE_EVERY_KERNEL;

/** The native ABI of machines, by their names for Node (`process.arch`), for Go (GOARCH), and by the name of the ABI. */
export const MACHINES: ReadonlyMap<string, AbiName> = new Map([
  ...Object.entries(NATIVE),
  ...[...ABIS.values()].map(({ docker, name }) => [docker, name] as const),
  ...[...ABIS.keys()].map((name) => [name, name] as const),
]);

/** Returns the native ABI of a machine that runs programs of an ABI: this machine's if it does. */
export function machineFor(abi: AbiName): AbiName {
  const own = thisMachine();
  const machines = [...(own === undefined ? [] : [own]), ...ABIS.keys()];
  return machines.find((each) => abisOfMachine(each).includes(abi)) ?? abi;
}

/** Returns the ABIs of the programs that this machine can run. The native ABI is the first. */
export function machineAbis(): readonly AbiName[] {
  return abisOfMachine(thisHost().abi);
}

/** Flags of seccomp(2) that callers can set. Source: linux/seccomp.h. */
export const ATTACH_FLAGS = { LOG: 2, SPEC_ALLOW: 4 } as const satisfies Record<AttachFlag, number>;

const NEW_LISTENER = 8;
/**
 * Linux 5.19: only a fatal signal interrupts a thread whose notification was received. Valid only with NEW_LISTENER.
 */
const WAIT_KILLABLE_RECV = 32;

/** Returns the flags with which this kernel attaches a filter that has a listener. */
export const listenerFlags = once((): number => {
  const withKillable = WAIT_KILLABLE_RECV | NEW_LISTENER;
  return addon().filterFlagsKnown(withKillable) ? withKillable : NEW_LISTENER;
});

/** The SECCOMP_FILTER_FLAG_* constants of linux/seccomp.h, each with the first kernel that has it. */
export const FILTER_FLAGS = [
  { name: 'TSYNC', value: 1, since: '3.17' },
  { name: 'LOG', value: ATTACH_FLAGS.LOG, since: '4.14' },
  { name: 'SPEC_ALLOW', value: ATTACH_FLAGS.SPEC_ALLOW, since: '4.17' },
  { name: 'NEW_LISTENER', value: NEW_LISTENER, since: '5.0' },
  { name: 'TSYNC_ESRCH', value: 16, since: '5.7' },
  { name: 'WAIT_KILLABLE_RECV', value: WAIT_KILLABLE_RECV | NEW_LISTENER, since: '5.19' },
] as const;

/** What the kernel can do, and the state of this process. */
export type Features = ReturnType<typeof features>;

/**
 * Returns whether profiles can be attached here. The first call loads the addon. A Linux on which they can't is an error, so
 * that `isSupported() ? 'docker-default' : 'unconfined'` never starts programs without protection there.
 *
 * @returns True if profiles can be attached. False on macOS, Windows and other systems that are not Linux.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED on Linux if the kernel has no seccomp filters, a filter that is attached to this
 * process, such as a container's, denies seccomp(2), the runtime is Bun or Deno, or this package has no syscall table for the
 * CPU. ERR_SECCOMP_ADDON if the addon is missing, does not load, or was built for another version of this package.
 * @example
 * import { isSupported, run } from 'seccomp';
 *
 * const { stdout } = await run('echo', ['hello'], isSupported() ? 'docker-default' : 'unconfined');
 * console.log(stdout);
 */
export function isSupported(): boolean {
  if (process.platform !== 'linux') return false;
  thisHost(); // Throws for a CPU without a table.
  // Fails with EINVAL on a kernel without CONFIG_SECCOMP_FILTER.
  if (addon().filterFlagsKnown(0)) return true;
  const { reason, remedy } = noFilters();
  throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', `no profile can be attached: ${reason}: ${remedy}`);
}

/**
 * Probes the kernel's features. Does not attach a filter.
 *
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED or ERR_SECCOMP_ADDON if the addon cannot be loaded.
 */
export function features() {
  const native = addon();
  const { status, reason } = statusOfSelf();
  const mode = status.get('Seccomp');
  const isolation: Pick<Support, 'by' | 'reason' | 'obstacle'> = isolationSupport();
  return {
    kernel: release(),
    config: kernelConfig(),
    /** Whether the kernel has seccomp(2). */
    seccomp: native.actionAvailable(actionBase('allow')) === 0 || native.filterFlagsKnown(0),
    /** The actions that the kernel supports. */
    actions: ACTION_KINDS.filter((kind) => native.actionAvailable(actionBase(kind)) === 0),
    /** The flags that the kernel supports. */
    flags: FILTER_FLAGS.filter(({ value }) => native.filterFlagsKnown(value)).map(({ name }) => name),
    /** The state of this process, from /proc/self/status. */
    self: {
      /** Why the state is unknown; null if it is known. */
      reason,
      /** The seccomp mode: 0 disabled, 1 strict, 2 filter; null if the kernel does not report it. */
      mode: mode === undefined ? null : Number(mode),
      /** Number of attached filters; null before Linux 5.9. */
      filters: attachedFilters(status),
      noNewPrivileges: status.get('NoNewPrivs') === '1',
      uid: process.getuid?.() ?? -1,
      capabilities: capabilitiesIn(status.get('CapEff') ?? '0'),
    },
    /** The means by which children can be isolated. */
    isolation,
    paths: pathRights(),
    /** The kind of container that this process runs in, or null. */
    container: containerKind(),
  };
}

/** Of no fields where /proc is missing, or denied to this process by a sandbox. */
function statusOfSelf() {
  try {
    return { status: readStatus('self'), reason: null };
  } catch (error) {
    return {
      status: new Map<string, string>(),
      reason: `/proc/self/status can't be read (${(error as NodeJS.ErrnoException).code})`,
    };
  }
}

/** The access to files that can be restricted: rights of Landlock, and those that this kernel's Landlock lacks. */
function pathRights() {
  const { rights, ...others } = pathsSupport();
  return { ...others, rights: rightsIn(rights), missing: rightsIn(ALL_RIGHTS & ~rights) };
}

/** Detects a container by the files and the environment variable that engines leave. */
function containerKind(): string | null {
  if (existsSync('/.dockerenv')) return 'docker';
  if (existsSync('/run/.containerenv')) return 'podman';
  if (existsSync('/var/run/secrets/kubernetes.io')) return 'kubernetes';
  return process.env['container'] ?? null;
}
