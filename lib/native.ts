/** The one door to the addon: what its functions take and give, and where its binary is found. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { SeccompError } from './errors.js';

/** What is to be put on. */
export interface NativeFilters {
  readonly noNewPrivileges: boolean;
  /** At most 8, in the order in which they are attached. Without one nothing is done, unless `unconfined` says so. */
  readonly filters: readonly NativeFilter[];
  /** Whether nothing is to be filtered. */
  readonly unconfined: boolean;
  /** SECCOMP_FILTER_FLAG_* */
  readonly filterFlags: number;
}

/** A Landlock domain: what it handles of files, what of that is granted everywhere, what it scopes. Bits of linux/landlock.h. */
export type NativeDomain = readonly [handled: number, granted: number, scoped: number];

/** What is to be started, with everything decided. */
export interface NativeRequest extends NativeFilters {
  /** Paths for execve to try in turn. */
  readonly candidates: readonly string[];
  /** argv, with argv[0]. */
  readonly args: readonly string[];
  /** `NAME=value`, each with a NUL at its end: one text is read faster than many. */
  readonly env: string;
  readonly cwd?: string | undefined;
  readonly detached: boolean;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** For each of the child's descriptors one of this process, or NONE, NULL or SOCKET. */
  readonly stdio: readonly number[];
  /** Flat triples: RLIMIT_*, its soft and its hard value, 2⁶⁴ − 1 for none. */
  readonly limits?: readonly (number | bigint)[];
  /** That it writes no core dump unless it asks for it, and enters `domain`. True: or does not start. Left out: neither. */
  readonly isolation?: boolean | undefined;
  readonly domain?: NativeDomain | undefined;
  /** A bit for each capability that may stay; left out, all may. */
  readonly keptCapabilities?: bigint | undefined;
  /** Who answers the filter's listener, if SECCOMP_FILTER_FLAG_NEW_LISTENER makes one. */
  readonly supervision?: Supervision | undefined;
  /** Who is told of the listener's calls; given with `supervision`. */
  readonly inbox?: InboxHandle | undefined;
  /** Or the socket that it is sent to, with these one to three texts; between them the child's number is written. */
  readonly agent?: { readonly path: string; readonly state: readonly string[] } | undefined;
}

declare const held: unique symbol;

/** How calls are answered and seen: what `supervision` gave. */
export interface Supervision {
  readonly [held]: 'supervision';
}

/** Who is told of listeners: what `openInbox` gave. */
export interface InboxHandle {
  readonly [held]: 'inbox';
}

/** A listener: it may be used as long as somebody holds this. */
export interface ListenerHandle {
  readonly [held]: 'listener';
}

export interface SupervisionOptions {
  /** `struct sock_filter[]`, run on each call that the listener hears of: what is answered. `notify` asks JavaScript. */
  readonly answers: Uint8Array;
  /** Whether calls that are allowed are counted too. */
  readonly everything: boolean;
  /** Flat: AUDIT_ARCH_*, number, argument, and how many of its low bits make a different kind of call. */
  readonly distinguishing: Uint32Array;
  /** Flat: AUDIT_ARCH_*, number, argument, 1 for text or 0, most bytes, and the argument with their number or 6. */
  readonly captures: Uint32Array;
}

/** The first call of a kind. */
export interface NativeKind {
  readonly arch: number;
  readonly number: number;
  /** SECCOMP_RET_* with its data. */
  readonly answer: number;
  /** 0: not known. */
  readonly pid: number;
  readonly tid: number;
  /** Empty: not known. */
  readonly executable: string;
  readonly instruction: string;
  readonly args: readonly bigint[];
  readonly captured: readonly (Buffer | undefined)[];
}

/** Words that tell of one waiting call: listener, id, thread, AUDIT_ARCH_* << 32 | number, instruction pointer, six arguments. */
export const CALL_WORDS = 11;

/**
 * Flat pairs of a listener and the index of a new kind; CALL_WORDS for each call that waits, which are the first `size` of an
 * array that is used again; listeners that hear no more; flat pairs of a connection and 0 or an errno.
 */
export type OnMail = (
  kinds: readonly number[],
  words: BigUint64Array,
  size: number,
  ended: readonly number[],
  connected: readonly number[],
) => void;

export interface NativeFilter {
  /** `struct sock_filter[]` */
  readonly bytes: Uint8Array;
  /** Flat pairs: an instruction, and the half of the gate value (0 to 5) that belongs in it. */
  readonly gate: readonly number[];
}

/** No descriptor. */
export const NONE = -1;
/** `/dev/null` */
export const NULL = -2;
/** One end of a new socket pair; the other is this process's. */
export const SOCKET = -3;

/** What failed, by errno (positive) and the name of the call. Nothing was started. */
export interface NativeFailure {
  readonly error: number;
  readonly call: string;
}

/** Why a filter was not put on this process, after how many others that now stay. */
export interface NativeInstallFailure extends NativeFailure {
  readonly filtersOn?: number;
  /** With TSYNC: the thread that has other filters than this one. */
  readonly thread?: number;
}

/** A child until it is reaped. */
export interface ExitWatch {
  /** Sends a signal; gives 0 or an errno. */
  kill(signal: number): number;
  ref(): void;
  unref(): void;
  /** Kills and reaps the child before it returns. `onExit` is not called. */
  end(): void;
}

export interface NativeChild {
  readonly pid: number;
  readonly watch: ExitWatch;
  /** This process's end of each descriptor that was a SOCKET, else −1. */
  readonly sockets: readonly number[];
  /** The errno for which it is in no domain, though one was asked for; else 0. */
  readonly isolationError: number;
  readonly listener?: NativeListener;
}

export interface NativeListener {
  /** Of this process: no two are the same. */
  readonly id: number;
  readonly handle: ListenerHandle;
}

/** A socket at a path, or a connection to it. It keeps no event loop alive. */
export interface LocalSocket {
  /** Has `onReadable` called, once, when there is something to accept or receive, or the end. 0 or −errno. */
  await(onReadable: () => void): number;
  /** A connection that waits, or −errno; EAGAIN: there is none. */
  accept(): LocalSocket | number;
  /** What there is, or −errno; no bytes: the end. */
  receive(): Received | number;
  /** Who connected, as of then; or −errno. */
  sender(): Sender | number;
  /** Serves the listener among the descriptors that came; −errno, ENOTTY: it is none. */
  serve(descriptor: number, supervision: Supervision, inbox: InboxHandle): NativeListener | number;
  /** Closes it, and what came and is not served. May be called twice. */
  close(): void;
}

export interface Received {
  /** At most 65,536. */
  readonly bytes: Buffer;
  /** How many have come by now; at most 16 are kept. */
  readonly descriptors: number;
  /** Whether there were more descriptors than can come at once, or than this process may have. */
  readonly lost: boolean;
}

/** From SO_PEERCRED; 0 and 65534 for what this process's namespaces don't have. */
export interface Sender {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export interface NativeLimits {
  readonly input?: Uint8Array | undefined;
  /** Milliseconds; 0: none. */
  readonly timeout: number;
  /** Bytes over all streams; 0 or Infinity: no limit. */
  readonly maxBuffer: number;
  readonly killSignal: number;
  /** Milliseconds from `killSignal` to SIGKILL; Infinity: never. */
  readonly forceKillAfter: number;
}

/** A child that has ended. */
export interface NativeResult {
  readonly pid: number;
  /** One of the two is null. */
  readonly code: number | null;
  readonly signal: number | null;
  /** What came from each descriptor that was a SOCKET, stdin left out. */
  readonly output: readonly (Buffer | null)[];
  /** The errno for which the child was killed or a stream given up, else 0. */
  readonly stopped: number;
  /** As of NativeChild. */
  readonly isolationError: number;
  readonly listener?: NativeListener;
}

/** Domain, type and protocol, as socket(2) was told. */
export type SocketFacts = readonly [domain: number, type: number, protocol: number];

export interface Addon {
  /** Of the package that it was built for. */
  readonly version: string;
  /** `onExit` is called once, with the one of the two that applies. */
  spawn(
    request: NativeRequest,
    onExit: (code: number | null, signal: number | null) => void,
  ): NativeChild | NativeFailure;
  spawnSync(request: NativeRequest, limits: NativeLimits): NativeResult | NativeFailure;
  /** Returns only if it failed; this process is then as it was. */
  execve(request: NativeRequest): NativeFailure;
  /** Puts filters on this thread, or with SECCOMP_FILTER_FLAG_TSYNC on all. */
  install(filters: NativeFilters): NativeInstallFailure | undefined;
  /**
   * Makes calls in processes under the filters: two numbers for each, an outcome and its value. What is allowed is carried
   * out, so the first filter must deny all. `traced` asks what SECCOMP_RET_TRACE says.
   */
  probe(filters: NativeFilters, calls: BigUint64Array, traced: boolean): Int32Array | NativeFailure;
  /** Closes one of `sockets` of the child that was started last: no stream could be made of it. */
  takeBack(descriptor: number): void;
  /** Ends reading from a socket: what was written before can still be read, and then the end. 0 or an errno. */
  endReading(descriptor: number): number;
  /** Whether a descriptor is a socket that listens. */
  isListening(descriptor: number): boolean;
  /** A duplicate of another process's descriptor, or −errno; the addon's until `giveBack`, which closes all. */
  borrow(pid: number, descriptor: number): number;
  giveBack(): void;
  /** 0 if the kernel has this SECCOMP_RET_* action, else an errno. */
  actionAvailable(action: number): number;
  /** Whether the kernel knows these SECCOMP_FILTER_FLAG_*. */
  filterFlagsKnown(flags: number): boolean;
  /** Whether a thread can enter such a domain: 0 or an errno. */
  tryDomain(domain: NativeDomain): number;
  supervision(options: SupervisionOptions): Supervision;
  /** Has `onMail` called for listeners that are given this inbox, or −errno. It keeps no event loop alive, but `onMail`. */
  openInbox(onMail: OnMail): InboxHandle | number;
  /** `onMail` is called no more. Calls of the inbox's listeners that wait are denied. May be called twice. */
  closeInbox(inbox: InboxHandle): void;
  kind(listener: ListenerHandle, index: number): NativeKind | undefined;
  /** How many calls there were of each kind; before them, those of kinds that there was no room for. */
  counts(listener: ListenerHandle): readonly number[];
  /** Answers a call: −1 continues it, else it fails with that errno; 0 makes it return `value`. 0 or an errno. */
  answer(listener: ListenerHandle, call: bigint, errno: number, value: bigint): number;
  /** Gives the caller a duplicate of a descriptor, which the call returns; that number, or −errno. */
  addDescriptor(listener: ListenerHandle, call: bigint, descriptor: number, closeOnExec: boolean): number;
  /** Memory of a caller that waits, as much of `size` as there is; or an errno. */
  readMemory(listener: ListenerHandle, call: bigint, tid: number, address: bigint, size: number): Buffer | number;
  /** Whether somebody listens at a path: 0 or an errno; EAGAIN: and is busy. Nothing is sent. */
  reach(path: string): number;
  /** Listens at a path where nothing is, for this user alone; or −errno. */
  bindSocket(path: string): LocalSocket | number;
  /** The domain, type and protocol of a caller's socket, or −errno. */
  socketOf(listener: ListenerHandle, call: bigint, tid: number, descriptor: number): SocketFacts | number;
  /**
   * Connects the socket of a caller that waits in its place. A number that is above 0, by which the listener's inbox tells what became
   * of it; or −errno: it was not begun. EBADF: the socket is another than was `seen`.
   */
  connect(
    listener: ListenerHandle,
    call: bigint,
    tid: number,
    descriptor: number,
    address: Uint8Array,
    seen: SocketFacts | undefined,
  ): number;
  writeMemory(listener: ListenerHandle, call: bigint, tid: number, address: bigint, bytes: Uint8Array): number;
}

/** The file that fork() has its child load first. From lib/ and dist/ alike it is the one that was built. */
export const preloadFile = (): string => resolve(import.meta.dirname, '../dist/preload.cjs');

/** The program that isolates fork()'s child before Node's first thread; beside the addon. */
export function launcherFile(): string {
  const file = resolve(import.meta.dirname, '../build/Release/seccomp-launch');
  if (existsSync(file)) return file;
  throw new SeccompError('ERR_SECCOMP_ADDON', `the launcher was not built (no ${file}): ${REMEDY}`);
}

const REMEDY = 'run "npm rebuild seccomp" (in a checkout: "npm run build:addon"); it needs python3, make and g++';

let loaded: Addon | undefined;

/**
 * Loads the addon, once.
 * @throws SeccompError ERR_SECCOMP_UNSUPPORTED if this is not Linux, ERR_SECCOMP_ADDON if it was not built, won't load, or
 * was built for another version of this package.
 */
export function addon(): Addon {
  loaded ??= load();
  return loaded;
}

function load(): Addon {
  if (process.platform !== 'linux') {
    const message = `seccomp is a part of Linux and this is ${process.platform}: profiles can be checked and compiled here, not put on`;
    throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
  }
  const file = resolve(import.meta.dirname, '../build/Release/seccomp.node');
  const require = createRequire(import.meta.filename);
  const found = open(() => require(file) as Addon, file);
  const { version } = require('../package.json') as { readonly version: string };
  if (found.version === version) return found;
  const message = `the addon was built for version ${found.version ?? 'unknown'} of seccomp, and this is ${version}: ${REMEDY}`;
  throw new SeccompError('ERR_SECCOMP_ADDON', message);
}

function open(load: () => Addon, file: string): Addon {
  try {
    return load();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_DLOPEN_DISABLED') {
      const message =
        'this Node loads no addons, and seccomp is one: start it without --no-addons, and with --allow-addons beside --permission';
      throw new SeccompError('ERR_SECCOMP_ADDON', message, { cause: error });
    }
    const reason = error instanceof Error ? error.message : String(error);
    const what =
      code === 'MODULE_NOT_FOUND' ? `the addon was not built (no ${file})` : `the addon does not load (${reason})`;
    throw new SeccompError('ERR_SECCOMP_ADDON', `${what}: ${REMEDY}`, { cause: error });
  }
}
