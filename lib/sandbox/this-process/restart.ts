/** Starts this Node again in its place: where io_uring_setup fails, or in a Landlock domain. */
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { SeccompError } from '../../errors.js';
import { BPF, encodeInstructions, NR_OFFSET } from '../../filter/bpf/instruction.js';
import { addon, type NativeRequest, NONE } from '../../native.js';
import { returnValue } from '../../policy/action.js';
import { ENOSYS } from '../../syscalls/errno.js';
import { shownName } from '../../util/foreign-text.js';
import { indices } from '../../util/own-data.js';
import { codeOf, systemErrorName } from '../../util/system-error.js';
import { descriptorsOf, openDescriptors } from './open-descriptors.js';

/** How the new Node is started. */
export interface Restart {
  /** What the new Node has that this one lacks, for messages: completes "Node could not be restarted". */
  readonly purpose: string;
  /** What to do instead, for messages. */
  readonly remedy: string;
  /** Whether io_uring_setup fails with ENOSYS. */
  readonly withoutIoUring: boolean;
  /** The domain that the new Node is in. */
  readonly confinement: Pick<NativeRequest, 'ruleset' | 'domainRequired'>;
  /** Variables that are added to its environment. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A restart without io_uring. */
export const WITHOUT_IO_URING: Restart = {
  purpose: 'without io_uring',
  remedy: 'start it in an environment that already denies io_uring_setup',
  withoutIoUring: true,
  confinement: {},
  variables: {},
};

/**
 * Starts this Node again by execve(2), so the process number, the arguments, the environment and the descriptors stay. To
 * be called before the program has done anything. Does not return.
 *
 * @throws {SeccompError} ERR_SECCOMP_ATTACH if Node can't be started again.
 */
export function restartNode(restart: Restart): never {
  const { withoutIoUring, confinement, variables } = restart;
  closeInspector();
  const added = Object.entries(variables).map(([name, value]) => `${name}=${value}\0`);
  const failure = addon().execve({
    candidates: [process.execPath],
    args: startArguments(restart),
    env: environmentWithout(Object.keys(variables), restart) + added.join(''),
    detached: false,
    stdio: inheritedDescriptors(),
    noNewPrivileges: true,
    unconfined: !withoutIoUring,
    filters: withoutIoUring ? [{ bytes: filterWithoutIoUring(), gate: [] }] : [],
    filterFlags: 0,
    ...confinement,
  });
  throw restartError(restart, `(${failure.call} ${systemErrorName(failure.error)})`);
}

function restartError({ purpose, remedy }: Restart, cause: string, advice = remedy): SeccompError {
  return new SeccompError('ERR_SECCOMP_ATTACH', `Node could not be restarted ${purpose} ${cause}: ${advice}`);
}

/** The environment that this process was started with, without some variables. */
function environmentWithout(names: readonly string[], restart: Restart): string {
  const isOther = (variable: string) => !names.some((name) => variable.startsWith(`${name}=`));
  return terminatedStrings('/proc/self/environ', restart)
    .split('\0')
    .filter((variable) => variable !== '' && isOther(variable))
    .map((variable) => `${variable}\0`)
    .join('');
}

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
function startArguments(restart: Restart): readonly string[] {
  const args = terminatedStrings('/proc/self/cmdline', restart).split('\0').slice(0, -1);
  const tail = process.argv.slice(2);
  if (args[0] === process.argv0 && tail.every((text, i) => text === args[args.length - tail.length + i])) return args;
  throw restartError(
    restart,
    'as its arguments were overwritten',
    'leave out --title, and do not set process.title first',
  );
}

/** Reads strings that each end with a NUL. */
function terminatedStrings(file: string, restart: Restart): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw restartError(restart, `as ${shownName(file)} cannot be read (${codeOf(error)})`);
  }
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) throw restartError(restart, `as ${shownName(file)} is not UTF-8`);
  return text.slice(0, text.lastIndexOf('\0') + 1);
}

/**
 * Returns the descriptors that the new Node inherits, each at its own index: all but io_uring instances, which the
 * new Node must not use. Those of this Node's event loops stay open, unused: nothing tells them from an epoll
 * instance, an eventfd or a pipe that this Node has inherited itself.
 */
function inheritedDescriptors(): readonly number[] {
  const open = openDescriptors();
  const rings = descriptorsOf('anon_inode:[io_uring]', open);
  const inherited = open.map(({ fd }) => fd).filter((fd) => fd <= 2 || !rings.includes(fd));
  return indices(Math.max(...inherited, 2) + 1).map((fd) => (inherited.includes(fd) ? fd : NONE));
}
