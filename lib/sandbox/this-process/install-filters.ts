/** Filters on the process that runs already: what harden, fork's preload and seccomp/register share. Loads little. */
import { constants, readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import { endianness } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { SeccompError } from '../../errors.js';
import { addon, type NativeFilters, type NativeInstallFailure, NONE } from '../../native.js';
import { indices } from '../../util/own-data.js';
import { attachRemedy, noFiltersError, systemError } from '../child/start-errors.js';

/** SECCOMP_FILTER_FLAG_TSYNC of linux/seccomp.h, Linux 3.17: all threads get the filter, or none. */
export const ALL_THREADS = 1;

/** The exit status for a failure of ours, as that of the command. */
const OURS = 125;

/**
 * Puts filters on this thread; with ALL_THREADS in their flags on all.
 * @throws SeccompError ERR_SECCOMP_ATTACH, ERR_SECCOMP_UNSUPPORTED, ERR_SECCOMP_ADDON
 */
export function install(filters: NativeFilters): void {
  const failure = addon().install(filters);
  if (failure !== undefined) throw installError(failure, filters.filters.length);
}

function installError({ error, call, filtersOn = 0, thread }: NativeInstallFailure, count: number): SeccompError {
  const unsupported = noFiltersError(error, call);
  if (unsupported !== undefined) return unsupported;
  const cause = systemError(error, call);
  const state = filtersOn === 0 ? 'the filter was not put on' : `only ${filtersOn} of ${count} filters were put on`;
  const remedy = attachRemedy(error, 'this process');
  const reason = thread === undefined ? `(${cause.message}): ${remedy}` : `any thread: ${otherThread(thread)}`;
  return new SeccompError('ERR_SECCOMP_ATTACH', `${state} ${reason}`, { cause });
}

/** seccomp(2): TSYNC gives up at a thread whose filters are not a part of the caller's. */
function otherThread(thread: number): string {
  const remedies = "harden all threads before one gets a filter of its own (threads: 'current', or a library's)";
  return `thread ${thread}${threadName(thread)} has a filter that the calling thread has not; ${remedies}`;
}

function threadName(thread: number): string {
  try {
    return ` ("${readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trimEnd()}")`;
  } catch {
    return ''; // It has ended, or there is no /proc.
  }
}

/** What the kernel says of this thread; null where it does not, or there is no /proc. */
export interface ThreadState {
  readonly noNewPrivileges: boolean | null;
  /** Filters that are on. Linux 5.9. */
  readonly filters: number | null;
}

export function threadState(): ThreadState {
  try {
    const status = readFileSync('/proc/thread-self/status', 'utf8');
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1];
    const filters = field('Seccomp_filters');
    return { noNewPrivileges: field('NoNewPrivs') === '1', filters: filters === undefined ? null : Number(filters) };
  } catch {
    return { noNewPrivileges: null, filters: null };
  }
}

/**
 * Descriptors of io_uring instances. libuv ≥ 1.51 on Linux ≥ 6.6 makes one for each event loop, and aborts the process if
 * io_uring_enter fails later; so a filter that denies that call has to come before them.
 */
export function openRings(): readonly number[] {
  return descriptors()
    .filter(({ target }) => target === 'anon_inode:[io_uring]')
    .map(({ fd }) => fd);
}

/** Descriptors of sockets that listen, of every family and network namespace. */
export function listeningSockets(): readonly number[] {
  return descriptors()
    .filter(({ target }) => target.startsWith('socket:'))
    .map(({ fd }) => fd)
    .filter((fd) => addon().isListening(fd));
}

interface OpenDescriptor {
  readonly fd: number;
  readonly target: string;
}

function descriptors(): readonly OpenDescriptor[] {
  return descriptorNames().flatMap((name) => {
    try {
      return [{ fd: Number(name), target: readlinkSync(`/proc/self/fd/${name}`) }];
    } catch {
      return []; // The directory's own.
    }
  });
}

function descriptorNames(): readonly string[] {
  try {
    return readdirSync('/proc/self/fd');
  } catch (cause) {
    const remedy =
      'mount /proc, put this filter on before one that denies reading it, or allow accept4 and io_uring_enter';
    const message = `can't list the descriptors of this process, to see whether the filter would break them: ${remedy}`;
    throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message, { cause });
  }
}

/**
 * Starts this Node anew, where it can't make an io_uring: same process number, arguments, environment and descriptors.
 * Only before anything has happened. Does not return.
 */
export function restartWithoutRings(noNewPrivileges: boolean): never {
  closeInspector();
  const failure = addon().execve({
    candidates: [process.execPath],
    args: startArguments(),
    env: terminatedStrings('/proc/self/environ'),
    detached: false,
    stdio: inheritedDescriptors(),
    noNewPrivileges,
    unconfined: false,
    filters: [{ bytes: withoutRings(), gate: [] }],
    filterFlags: 0,
  });
  throw new SeccompError(
    'ERR_SECCOMP_ATTACH',
    `Node could not be started again without io_uring (${failure.call} ${getSystemErrorName(-failure.error)}): ` +
      'start it where io_uring_setup is denied already',
  );
}

/** Frees the port of `node --inspect`: the new Node inherits the listening socket otherwise, and can't listen itself. */
function closeInspector(): void {
  const inspector = process.getBuiltinModule('node:inspector');
  if (inspector?.url() !== undefined) inspector.close();
}

/** `io_uring_setup` fails with ENOSYS, all else is allowed. The number is the same on every ABI that Node has. */
function withoutRings(): Uint8Array {
  const little = endianness() === 'LE';
  const view = new DataView(new ArrayBuffer(32));
  // code, jt, jf, k: ld nr · jeq 425, next, skip one · ret ERRNO|38 · ret ALLOW.
  const program = [
    [0x20, 0, 0, 0],
    [0x15, 0, 1, 425],
    [0x06, 0, 0, 0x0005_0026],
    [0x06, 0, 0, 0x7fff_0000],
  ] as const;
  for (const [i, [code, yes, no, k]] of program.entries()) {
    view.setUint16(8 * i, code, little);
    view.setUint8(8 * i + 2, yes);
    view.setUint8(8 * i + 3, no);
    view.setUint32(8 * i + 4, k, little);
  }
  return new Uint8Array(view.buffer);
}

/** The arguments that this process was started with; `--title` writes over them. */
function startArguments(): readonly string[] {
  const args = fileStrings('/proc/self/cmdline');
  const tail = process.argv.slice(2);
  if (args[0] === process.argv0 && tail.every((text, i) => text === args[args.length - tail.length + i])) return args;
  const message = 'Node has to be started again without io_uring, and its arguments are not known any more';
  throw new SeccompError('ERR_SECCOMP_ATTACH', `${message}: leave out --title, and don't set process.title before`);
}

function fileStrings(file: string): readonly string[] {
  return terminatedStrings(file).split('\0').slice(0, -1);
}

/** Strings, each with a NUL at its end. */
function terminatedStrings(file: string): string {
  const bytes = readFileSync(file);
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) {
    const message = `Node has to be started again without io_uring, and ${file} is not UTF-8`;
    throw new SeccompError('ERR_SECCOMP_ATTACH', `${message}: start it where io_uring_setup is denied already`);
  }
  return text.slice(0, text.lastIndexOf('\0') + 1);
}

/** The descriptors that the new Node inherits, each in its place: all but those of event loops, which it makes anew. */
function inheritedDescriptors(): readonly number[] {
  const open = descriptors();
  const own = ofEventLoops(open);
  const inherited = open.map(({ fd }) => fd).filter((fd) => fd <= 2 || !own.includes(fd));
  return indices(Math.max(...inherited, 2) + 1).map((fd) => (inherited.includes(fd) ? fd : NONE));
}

/**
 * The descriptors of libuv's event loops. Each loop has an epoll instance, an io_uring, a non-blocking eventfd and both ends of
 * a non-blocking pipe. An eventfd or a pipe that this process was started with can look the same: if there are
 * more than there are loops, none is taken for a loop's.
 */
function ofEventLoops(open: readonly OpenDescriptor[]): readonly number[] {
  const isTo = (text: string) => open.filter(({ target }) => target === `anon_inode:[${text}]`).map(({ fd }) => fd);
  const loops = isTo('eventpoll');
  const events = isTo('eventfd').filter((fd) => (statusFlags(fd) & constants.O_NONBLOCK) !== 0);
  const pipes = wholePipes(open);
  return [
    ...loops,
    ...isTo('io_uring'),
    ...(events.length > loops.length ? [] : events),
    ...(pipes.length > loops.length ? [] : pipes.flat()),
  ];
}

/** Both ends of each non-blocking pipe that this process has once to read from and once to write to. */
function wholePipes(open: readonly OpenDescriptor[]): readonly (readonly number[])[] {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
  const targets = new Set(open.map(({ target }) => target).filter((target) => target.startsWith('pipe:')));
  return [...targets]
    .map((pipe) => open.filter(({ target }) => target === pipe).map(({ fd }) => fd))
    .filter((fds) => {
      const modes = fds.map((fd) => statusFlags(fd) & (O_WRONLY | O_NONBLOCK));
      return fds.length === 2 && modes.includes(O_RDONLY | O_NONBLOCK) && modes.includes(O_WRONLY | O_NONBLOCK);
    });
}

/** File access mode and status flags, as of fcntl(2). Source: proc_pid_fdinfo(5). */
function statusFlags(fd: number): number {
  const [, flags = '0'] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
  return Number.parseInt(flags, 8);
}

/** Runs what has to succeed before a program's first line; otherwise the program does not run. */
export function orExit(who: string, step: () => void): void {
  try {
    step();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    try {
      writeSync(2, `${who}: ${message}; the program was not run\n`);
    } finally {
      process.exit.call(process, OURS);
    }
    throw error; // Somebody has replaced process.exit: Node ends by this instead.
  }
}
