/**
 * io_uring. libuv ≥ 1.49 on Linux ≥ 6.6 makes an instance for each event loop, and aborts the process if io_uring_enter
 * fails later. So a filter that denies io_uring is attached to a Node that has no instance: fork() and seccomp/register
 * start Node again where it can't make one. harden() refuses such a filter, or lets it allow the use of the existing
 * instances.
 */
import { constants, readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { SeccompError } from '../../errors.js';
import { BPF, encodeInstructions, NR_OFFSET } from '../../filter/bpf/instruction.js';
import { compileFilter } from '../../filter/compile.js';
import type { CompiledFilter } from '../../filter/filter.js';
import { addon, NONE } from '../../native.js';
import { returnValue } from '../../policy/action.js';
import { union } from '../../policy/algebra.js';
import type { Policy } from '../../policy/policy.js';
import { ENOSYS } from '../../syscalls/errno.js';
import { syscallNumber } from '../../syscalls/table.js';
import { indices } from '../../util/own-data.js';
import { systemErrorName } from '../../util/system-error.js';
import { deniesCall } from './libuv-calls.js';
import { type OpenDescriptor, openDescriptors, statusFlags } from './open-descriptors.js';

/**
 * Returns whether a Node must have no io_uring instance when these policies take effect: using the instance would fail,
 * or would bypass a profile that denies making one.
 */
export function deniesIoUring(policies: readonly Policy[]): boolean {
  return deniesCall(policies, 'io_uring_setup') || deniesCall(policies, 'io_uring_enter');
}

/** Returns the descriptors of this process's io_uring instances. */
export function ioUringDescriptors(): readonly number[] {
  return descriptorsFor('anon_inode:[io_uring]', openDescriptors());
}

/**
 * Returns the filters in a form that can be attached to this process, which may have io_uring instances.
 *
 * @param isAccepted - Whether filters that deny io_uring_enter are changed to allow that call on the existing
 * instances.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if that is not accepted, and a filter denies it.
 */
export function besideIoUring(filters: readonly CompiledFilter[], isAccepted: boolean): readonly CompiledFilter[] {
  if (
    !deniesCall(
      filters.map(({ policy }) => policy),
      'io_uring_enter',
    )
  )
    return filters;
  const instances = ioUringDescriptors();
  if (instances.length === 0) return filters;
  if (!isAccepted) throw instancesError();
  return filters.map((filter) =>
    deniesCall([filter.policy], 'io_uring_enter') ? allowingEnter(instances, filter) : filter,
  );
}

/** Compiles the same filter, which also allows io_uring_enter on these descriptors. */
function allowingEnter(instances: readonly number[], { policy, flags }: CompiledFilter): CompiledFilter {
  const abi = policy.abis[0]?.abi;
  const number = abi === undefined ? undefined : syscallNumber(abi.name, 'io_uring_enter');
  if (abi === undefined || number === undefined) throw instancesError();
  const decisions = instances.map((fd) => ({
    conditions: [{ index: 0, width: 32, op: 'eq', value: BigInt(fd) } as const],
    action: { kind: 'allow' } as const,
  }));
  // The strictest action, so that the union takes the profile's action for all other calls.
  const kill = { kind: 'kill-process' } as const;
  const exception = {
    abis: [{ abi, syscalls: new Map([[number, decisions]]), ranges: [] }],
    defaultAction: kill,
    foreignAction: kill,
  };
  return compileFilter(union(policy, exception), { flags });
}

function instancesError(): SeccompError {
  return new SeccompError(
    'ERR_SECCOMP_UNSUPPORTED',
    "this Node's event loops have io_uring instances, and the profile denies io_uring_enter: the process would abort " +
      'when it next uses them. Start it with `npx seccomp run -p PROFILE -- node …`, fork() or --require ' +
      'seccomp/register, or in an environment that denies io_uring_setup. acceptRings: true leaves a hole: no filter ' +
      'sees what native code requests through these instances (see docs/reference/node-processes.md)',
  );
}

/**
 * Starts this Node again where io_uring_setup fails with ENOSYS: by execve(2), so the process number, the arguments,
 * the environment and the descriptors stay. To be called before the program has done anything. Does not return.
 * @throws {SeccompError} ERR_SECCOMP_ATTACH if Node can't be started again.
 */
export function restartWithoutIoUring(noNewPrivileges: boolean): never {
  closeInspector();
  const failure = addon().execve({
    candidates: [process.execPath],
    args: startArguments(),
    env: terminatedStrings('/proc/self/environ'),
    detached: false,
    stdio: inheritedDescriptors(),
    noNewPrivileges,
    unconfined: false,
    filters: [{ bytes: filterWithoutIoUring(), gate: [] }],
    filterFlags: 0,
  });
  const cause = `${failure.call} ${systemErrorName(failure.error)}`;
  throw new SeccompError(
    'ERR_SECCOMP_ATTACH',
    `Node could not be restarted without io_uring (${cause}): ${RESTART_REMEDY}`,
  );
}

const RESTART_REMEDY = 'start it in an environment that already denies io_uring_setup';

/** The number of io_uring_setup on every ABI that Node runs on. */
const IO_URING_SETUP = 425;

/**
 * `io_uring_setup` fails with ENOSYS, everything else is allowed. The profile's filter, which is attached later,
 * decides the rest.
 */
function filterWithoutIoUring(): Uint8Array {
  const program = [
    { code: BPF.ld, jt: 0, jf: 0, k: NR_OFFSET },
    { code: BPF.jeq, jt: 0, jf: 1, k: IO_URING_SETUP },
    { code: BPF.ret, jt: 0, jf: 0, k: returnValue({ kind: 'errno', errno: ENOSYS }) },
    { code: BPF.ret, jt: 0, jf: 0, k: returnValue({ kind: 'allow' }) },
  ];
  return encodeInstructions(program, endianness() === 'LE' ? 'little' : 'big');
}

/** Frees the port of `node --inspect`: the new Node would inherit the listening socket, and could not listen itself. */
function closeInspector(): void {
  const inspector = process.getBuiltinModule('node:inspector');
  if (inspector?.url() !== undefined) inspector.close();
}

/** Returns the arguments that this process was started with, unless they were overwritten, as `--title` does. */
function startArguments(): readonly string[] {
  const args = terminatedStrings('/proc/self/cmdline').split('\0').slice(0, -1);
  const tail = process.argv.slice(2);
  if (args[0] === process.argv0 && tail.every((text, i) => text === args[args.length - tail.length + i])) return args;
  const message = 'Node must be restarted without io_uring, but its arguments were overwritten';
  throw new SeccompError('ERR_SECCOMP_ATTACH', `${message}: leave out --title, and do not set process.title first`);
}

/** Reads strings that each end with a NUL. */
function terminatedStrings(file: string): string {
  const bytes = readFileSync(file);
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) {
    const message = `Node must be restarted without io_uring, but ${file} is not UTF-8`;
    throw new SeccompError('ERR_SECCOMP_ATTACH', `${message}: ${RESTART_REMEDY}`);
  }
  return text.slice(0, text.lastIndexOf('\0') + 1);
}

/**
 * Returns the descriptors that the new Node inherits, each at its own index: all but those of event loops, which it
 * makes anew.
 */
function inheritedDescriptors(): readonly number[] {
  const open = openDescriptors();
  const own = eventLoopDescriptors(open);
  const inherited = open.map(({ fd }) => fd).filter((fd) => fd <= 2 || !own.includes(fd));
  return indices(Math.max(...inherited, 2) + 1).map((fd) => (inherited.includes(fd) ? fd : NONE));
}

/**
 * Returns the descriptors of libuv's event loops. Each loop has an epoll instance, an io_uring, a non-blocking eventfd
 * and both ends of a non-blocking pipe. An eventfd or a pipe that this process inherited can look the same: if there
 * are more of these than loops, all of them are kept.
 */
function eventLoopDescriptors(open: readonly OpenDescriptor[]): readonly number[] {
  const loops = descriptorsFor('anon_inode:[eventpoll]', open);
  const events = descriptorsFor('anon_inode:[eventfd]', open).filter(
    (fd) => (statusFlags(fd) & constants.O_NONBLOCK) !== 0,
  );
  const pipes = wholePipes(open);
  return [
    ...loops,
    ...descriptorsFor('anon_inode:[io_uring]', open),
    ...(events.length > loops.length ? [] : events),
    ...(pipes.length > loops.length ? [] : pipes.flat()),
  ];
}

function descriptorsFor(target: string, open: readonly OpenDescriptor[]): readonly number[] {
  return open.filter((each) => each.target === target).map(({ fd }) => fd);
}

/** Returns both ends of each non-blocking pipe of which this process has exactly one reading and one writing end. */
function wholePipes(open: readonly OpenDescriptor[]): readonly (readonly number[])[] {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
  const pipes = new Set(open.map(({ target }) => target).filter((target) => target.startsWith('pipe:')));
  return [...pipes]
    .map((pipe) => descriptorsFor(pipe, open))
    .filter((fds) => {
      const modes = fds.map((fd) => statusFlags(fd) & (O_WRONLY | O_NONBLOCK));
      return fds.length === 2 && modes.includes(O_RDONLY | O_NONBLOCK) && modes.includes(O_WRONLY | O_NONBLOCK);
    });
}
