/** Makes system calls of a start fail, one at a time: strace injects errors into test/reliability/faults.mjs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { dist } from './built.js';
import { marker, profile, program } from './starts.js';
import { temporaryFolder } from './temporary-folder.js';
import { callsIn, type TracedCall } from './traced-calls.js';

const directory = temporaryFolder('seccomp-faults-');

/** The module that fork runs. It makes the marker file too if it runs without its filter. */
const module = join(directory, 'module.mjs');
writeFileSync(
  module,
  `import { readFileSync, writeFileSync } from 'node:fs';
  if (!/^Seccomp:\\t2$/m.test(readFileSync('/proc/self/status', 'utf8'))) writeFileSync(process.argv[2], '');`,
);

/** The report of faults.mjs about a start, or a text about how faults.mjs itself ended. */
type Outcome =
  | string
  | {
      readonly end?: number | string | null;
      readonly error?: string;
      readonly children: number;
      readonly descriptors: number;
      readonly bare: boolean;
    };

/** Milliseconds after which a start is considered to hang, and its process is killed: the test fails then. */
const HUNG_MS = 60_000;

/** A process of faults.mjs, to which the test sends the names of the starts to make. */
class Starter {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #ended: Promise<string>;
  #stderr = '';

  constructor() {
    const script = fileURLToPath(new URL('../reliability/faults.mjs', import.meta.url));
    const settings = { dist, program, marker, module, profile: JSON.stringify(profile) };
    const child = spawn(process.execPath, [script, JSON.stringify(settings)]);
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = `${this.#stderr}${chunk}`.slice(-1000);
    });
    this.#ended = once(child, 'close').then(([code, signal]) => `ended: ${signal ?? code} ${this.#stderr}`);
    this.#lines = createInterface(child.stdout);
    this.#process = child;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The threads of the process. None if it has ended. */
  threads(): readonly number[] {
    try {
      return readdirSync(`/proc/${this.pid}/task`).map(Number);
    } catch {
      return [];
    }
  }

  async start(how: string, more: object = {}): Promise<Outcome> {
    const hung = setTimeout(() => this.#process.kill('SIGKILL'), HUNG_MS);
    const answer = once(this.#lines, 'line').then(([line]) => JSON.parse(line) as Outcome);
    this.#process.stdin?.write(`${JSON.stringify({ how, ...more })}\n`);
    try {
      return await Promise.race([answer, this.#ended]);
    } finally {
      clearTimeout(hung);
    }
  }

  async end(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }
}

/** A start whose calls are to fail. */
export interface Start {
  /** Its name in faults.mjs. */
  readonly how: string;
  /** Whether it is the first start in its process, which creates the supervisor if it needs one. */
  readonly first?: boolean;
}

/** The number of descriptors that the supervisor keeps open: an epoll instance. */
const KEPT = 1;

/** The number of descriptors that the addon keeps open from its loading: the guardians' program. */
const OF_ADDON = 1;

/** A process that has loaded the code for a start, and has made the same start before unless it is to be the first supervised one. */
async function ready({ how, first = false }: Start): Promise<Starter> {
  const starter = new Starter();
  const createsSupervisor = !first && how.endsWith(', supervised');
  const outcome = await starter.start(first ? 'spawn' : how, {
    missing: first,
    kept: OF_ADDON + (createsSupervisor ? KEPT : 0),
  });
  if (typeof outcome === 'string') throw new Error(outcome);
  return starter;
}

/** The reason why strace can't be used on this machine. Undefined if it can. */
export function withoutStrace(): string | undefined {
  const { error, status, stderr } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
  if (error !== undefined) return 'strace is not installed';
  return status === 0 ? undefined : `strace can't trace here: ${stderr.trim()}`;
}

/**
 * Traces a process while it makes a start. Returns its report, the calls that belong to the start, and whether strace made
 * any call fail.
 */
async function traced(starter: Starter, start: Start, options: readonly string[]) {
  const { how, first = false } = start;
  const file = join(directory, 'trace');
  const args = ['-p', String(starter.pid), '-o', file, ...options];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const end = once(strace, 'close');
  await once(strace.stderr, 'data'); // "strace: Process … attached"
  const threads = new Set(starter.threads());
  const outcome = await starter.start(how, { kept: first ? KEPT : 0 });
  strace.kill('SIGTERM');
  await end;
  for (const thread of starter.threads()) threads.add(thread);
  const trace = readFileSync(file, 'utf8');
  const calls = callsIn(trace, starter.pid).flatMap((call): StartCall[] => {
    if (call.thread === starter.pid) return how !== 'fork' && isOfParent(call) ? [{ ...call, by: 'parent' }] : [];
    const ofChild = how === 'fork' ? OF_FORK.test(call.text) : !call.executed;
    return ofChild && !threads.has(call.thread) ? [{ ...call, by: 'child' }] : [];
  });
  const injected = trace.includes('(INJECTED)');
  return { outcome, calls: calls.filter(({ text }) => !LEFT_OUT.test(text)), injected };
}

/** A call that is to fail. `when` is its position among the calls of the same name by its thread. */
export interface Fault {
  readonly call: string;
  readonly when: number;
  readonly by: 'parent' | 'child';
}

/** Calls that V8 or libuv makes rather than a start, and calls that have an effect even if an error is injected. */
const LEFT_OUT =
  /^(m(map|unmap|protect|advise|remap)|brk|futex|read|write|kill|get[pt]id|sched_\w+|close|exit(_group)?|epoll_p?wait2?|restart_syscall|clock_nanosleep|io_uring_\w+)\(/;
/** A call whose failure makes libuv abort the process. */
const FATAL = /^epoll_ctl\(\d+, EPOLL_CTL_DEL/;
/** Calls that end a child after the function that started it has returned. */
const ENDING = /^(waitid|shutdown)\(/;
/** Calls by which fork's child, which is Node, attaches its filter. */
const OF_FORK = /^(seccomp\(SECCOMP_SET_MODE_FILTER|prctl\(PR_SET_NO_NEW_PRIVS)/;

/** A call of a start. */
interface StartCall extends TracedCall {
  readonly by: 'parent' | 'child';
}

const nameInThread = ({ name, when }: TracedCall) => `${name} ${when}`;

/** Whether a parent's call belongs to the start: it comes before the function returns, or at the child's end. */
const isOfParent = ({ text, marks }: TracedCall) =>
  !FATAL.test(text) && (marks === 1 || (marks === 2 && ENDING.test(text)));

/** The calls of a start that can fail, in order. For fork, those of the child that attach its filter. */
async function faultsOf(starter: Starter, start: Start): Promise<readonly Fault[]> {
  const { calls, outcome } = await traced(starter, start, ['-f']);
  if (typeof outcome === 'string') throw new Error(outcome);
  // Strace would make a call of the parent fail too that has the same name and position, so there would be no child.
  const forked = calls.findIndex(({ name }) => name === 'clone');
  const hidden = calls.filter(({ by }, i) => by === 'parent' && i < forked).map(nameInThread);
  return calls
    .filter((call) => call.by === 'parent' || !hidden.includes(nameInThread(call)))
    .map(({ name, when, by }) => ({ call: name, when, by }));
}

/**
 * Calls whose failure must prevent the start. The first two calls of prlimit64 disable core dumps; if they fail, the
 * child's `enforcement` reports it.
 */
const ESSENTIAL =
  /^(socketpair|clone|rt_sig(action|procmask) 1|dup3|seccomp|sendmsg|recvmsg|execve|setsid|chdir|prlimit64 3|cap[gs]et|set[gu]id)\b/;

/** The parent's seccomp(2) gets the size of a notification, for which there is a default. */
const isEssential = ({ call, when, by }: Fault, how: string) =>
  ESSENTIAL.test(`${call} ${when}`) &&
  !(call === 'seccomp' && by === 'parent') &&
  !(call === 'chdir' && how === 'spawn with a guardian'); // The guardian's, to leave the directory.

/** The problem in the report of a start in which one call failed. Undefined if there is none. */
function wrongWith(outcome: Outcome, { how, first }: Start, { call, when, by }: Fault): string | undefined {
  if (typeof outcome === 'string') return outcome;
  const { end, error, children, descriptors, bare } = outcome;
  const asItShould =
    how === 'fork' ? end === 125 : (end === 0 || end === 'SIGTERM') && !isEssential({ call, when, by }, how);
  const well = error !== undefined || asItShould;
  const closed = descriptors === 0 || (first && descriptors === KEPT);
  return well && children === 0 && closed && !bare ? undefined : JSON.stringify(outcome);
}

/** Every way to start a program. */
export const STARTS: readonly Start[] = [
  { how: 'spawn' },
  { how: 'spawn without pipes' },
  { how: 'spawn with all options' },
  { how: 'spawn, supervised' },
  { how: 'spawnSync' },
  { how: 'spawnSync, supervised' },
  { how: 'spawn with a guardian' },
  { how: 'run' },
  { how: 'fork' },
];

/** The start that creates the supervisor. */
export const FIRST_SUPERVISED: Start = { how: 'spawn, supervised', first: true };

/** A start that creates the supervisor only if the event loop can't receive the calls. */
export const FIRST_HANDLED: Start = { how: 'spawn, with a handler', first: true };

/**
 * How often a start is made until the call that is to fail is one of its calls. Another call of the process fails
 * instead if the number of calls before it differs, by which strace counts: V8 and libc make some only now and then (libc
 * opens /sys/devices/system/cpu/online), and whether a pipe is polled depends on the speed of the child.
 */
const ATTEMPTS = 5;

/**
 * Makes each call of a start fail, one at a time. Returns the problems: the process hangs or was killed, a child or a
 * descriptor is left, the program ran without its filter, or it did not run and there was no error. `tried` are the
 * names of the calls that failed; those that the start did not make again are not among them.
 */
export async function failEach(
  start: Start,
  wanted: (fault: Fault) => boolean,
  error = 'EIO',
): Promise<{ readonly tried: readonly string[]; readonly wrong: readonly string[] }> {
  const tried: string[] = [];
  const wrong: string[] = [];
  let starter: Starter | undefined = await ready(start);
  const end = async () => {
    await starter?.end();
    starter = undefined;
  };
  const faults = await faultsOf(starter, start);
  if (start.first) await end();
  for (const fault of faults.filter(wanted)) {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      starter ??= await ready(start);
      const { failed, problem } = await failOne(starter, start, fault, error);
      if (problem !== undefined) wrong.push(`${nameOf(fault)}: ${problem}`);
      if (failed) tried.push(nameOf(fault));
      if (start.first || problem !== undefined || !failed) await end();
      if (failed) break;
    }
  }
  await end();
  return { tried, wrong };
}

/** The name of a call that is to fail, such as `child's execve 1`. */
export const nameOf = ({ call, when, by }: Fault) => `${by}'s ${call} ${when}`;

/** The names of the calls that start the program of a start, and that attach its filter. */
export function mainCalls({ how }: Start): readonly string[] {
  if (how === 'fork') return ["child's seccomp 1"];
  const attaches = how.endsWith(', supervised')
    ? "child's sendmsg 1"
    : how === 'spawn with a guardian' // The guardian, which attaches a filter too, ends the child before it does.
      ? "child's landlock_restrict_self 1"
      : "child's seccomp 1";
  return ["parent's clone 1", attaches, "child's execve 1"];
}

/** Whether a sanitizer's runtime is loaded. It ends the process if it cannot block signals for a thread. */
export function isSanitized(): boolean {
  const { sharedObjects } = process.report.getReport() as unknown as { readonly sharedObjects: readonly string[] };
  return sharedObjects.some((file) => /\/lib[at]san\./.test(file));
}

/** Makes a start of which one call is to fail. `failed` is whether it did. */
async function failOne(starter: Starter, start: Start, fault: Fault, error: string) {
  const { call, when, by } = fault;
  // In the parent, only the thread that makes the start is traced. kill marks its steps, and execve the child's.
  const follow = by === 'child' ? ['-f'] : [];
  const options = [
    ...follow,
    '-e',
    `trace=${call},kill,execve,execveat`,
    '-e',
    `inject=${call}:error=${error}:when=${when}`,
  ];
  const { outcome, calls, injected } = await traced(starter, start, options);
  const failed = calls.some((made) => made.injected && made.by === by);
  // faults.mjs itself may end if one of its own calls fails instead.
  const unexplained = typeof outcome === 'string' && !injected ? outcome : undefined;
  return { failed, problem: failed ? wrongWith(outcome, start, fault) : unexplained };
}
