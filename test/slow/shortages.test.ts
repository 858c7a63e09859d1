/**
 * Starts in a process that has too little of something, from too little for Node itself to enough for all: a program runs with all
 * that was asked for and that the defaults give here, or it does not run at all, and this is said.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { dist, main } from '../support/built.js';
import { obstacleTo } from '../support/commands.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder('seccomp-shortages-');
chmodSync(folder, 0o755);
const secret = join(folder, 'secret');
writeFileSync(secret, '');
chmodSync(secret, 0o644); // Nothing but its sandbox keeps an ordinary user from reading it.

/** Executes a command in so many Landlock domains. */
const IN_DOMAINS = `
import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)
for _ in range(int(sys.argv[1])):
    access = (ctypes.c_uint64 * 1)(1 << 12)
    ruleset = libc.syscall(444, access, 8, 0)
    assert libc.syscall(446, ruleset, 0) == 0
    os.close(ruleset)
os.execvp(sys.argv[2], sys.argv[2:])`;

const levels = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const user = 1_000_000 + process.pid;
const script = fileURLToPath(new URL('../reliability/shortages.mjs', import.meta.url));
const SHORTAGES = [
  { of: 'descriptors', needs: ['prlimit'], levels: levels(17, 36), under: (n: number) => ['prlimit', `--nofile=${n}`] },
  {
    // And threads: the limit counts both. RLIMIT_NPROC does not bind root.
    of: 'processes',
    needs: ['prlimit', 'setpriv'],
    levels: levels(8, 16),
    under: (n: number) => [
      ...['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'],
      ...['prlimit', `--nproc=${n}`],
    ],
  },
  {
    of: 'Landlock layers',
    needs: ['python3'],
    levels: levels(13, 16).reverse(),
    under: (n: number) => ['python3', '-c', IN_DOMAINS, String(n)],
  },
  {
    of: 'room for temporary files',
    needs: ['unshare', 'mount'],
    levels: levels(1, 2),
    under: (n: number) => [
      ...['unshare', '--mount', 'sh', '-c'],
      ...[`mount -t tmpfs -o size=4k,nr_inodes=${n} none /mnt && TMPDIR=/mnt exec "$@"`, 'sh'],
    ],
  },
] as const;
const STARTS = ['spawn', 'fork', 'spawnSync', 'run', 'execve', 'harden', 'record', 'command'] as const;

let starts = 0;

/** What the program of a start does: it notes that it runs, and what it can do outside of its sandbox. */
const scriptIn = (own: string) => `
parent=$PPID
note() { echo $1 >> ${own}/notes; }
note ran
cat ${secret} > /dev/null 2>&1 && note 'read a file'
kill -0 $parent 2> /dev/null && note 'signalled its parent'
true`;

/**
 * Starts a program in a process that has a shortage. `confined`: by the paths that it may use, with a directory for temporary
 * files or without, or by what the defaults give.
 */
function start(how: string, under: readonly string[], confined: 'by paths' | 'with @tmp' | 'by defaults') {
  const own = join(folder, String(starts++));
  mkdirSync(own);
  chmodSync(own, 0o777);
  const write = [own, ...(confined === 'with @tmp' ? ['@tmp'] : []), '/dev/null'];
  const paths = confined === 'by defaults' ? undefined : { read: ['@system'], write };
  const flags = paths === undefined ? [] : ['--read', '@system', ...write.flatMap((each) => ['--write', each])];
  const args =
    how === 'command'
      ? [main, 'run', '-p', 'docker-default', ...flags, '--', 'sh', '-c', scriptIn(own)]
      : [script, dist, how, secret, JSON.stringify({ paths }), scriptIn(own)];
  const [program = '', ...rest] = [...under, process.execPath, ...args];
  const { status, signal, stdout } = spawnSync(program, rest, {
    ...{ encoding: 'utf8', env: { PATH: process.env['PATH'] }, timeout: 20_000, killSignal: 'SIGKILL' },
  });
  const notes = join(own, 'notes');
  const did = existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : [];
  return { ended: signal ?? status, said: stdout.trim().split('\n'), did };
}

/** What is wrong with a start. Undefined if nothing is. `allowed`: what its program may do. */
function wrongWith(
  how: string,
  { ended, said, did }: ReturnType<typeof start>,
  allowed: readonly string[],
): string | undefined {
  const last = said.at(-1) ?? '';
  // A Node that lacks threads or descriptors may abort or hang before its program begins.
  const hasBegun = how === 'command' ? did.length > 0 || ended === 125 : said.includes('begun');
  if (!hasBegun) return undefined;
  if (typeof ended === 'string') return `was ended by ${ended}`;
  if ((last.startsWith('refused') || ended === 125) && did.length > 0)
    return `runs the program, and says that it does not: ${last}`;
  const reached = did.filter((each) => !['ran', ...allowed].includes(each));
  return reached.length > 0 || last.startsWith('could')
    ? `gives less than was asked for: ${reached} ${last}`
    : undefined;
}

const [READ, SIGNALLED] = ['read a file', 'signalled its parent'];
/** What a program may do that is confined by paths. A recording confines nothing; what execve starts has the parent of this process. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = { record: [READ, SIGNALLED], execve: [SIGNALLED] };

describe.each(SHORTAGES)('with too little: $of', ({ of, needs, levels: amounts, under }) => {
  const obstacle = pathsSupport().reason ?? (process.getuid?.() === 0 ? obstacleTo(...needs) : 'needs root');

  test.for(STARTS)('%s', { timeout: 120_000 }, (how, { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const withTmp = of.startsWith('room');
    const outcomes = amounts.map((amount) => start(how, under(amount), withTmp ? 'with @tmp' : 'by paths'));
    expect(outcomes.map((outcome) => wrongWith(how, outcome, ALLOWED[how] ?? []))).toEqual(
      amounts.map(() => undefined),
    );
    if (how !== 'record') expect(outcomes[0]?.did).toEqual([]);
    const runsInTheEnd = how !== 'harden' && !(how === 'execve' && withTmp); // execve has no @tmp.
    if (runsInTheEnd) expect(outcomes.at(-1)?.did).toContain('ran');
  });

  if (of === 'Landlock layers') return; // In 16 domains, the defaults give no isolation: docs/isolation.md.
  test.for(['spawn', 'spawnSync', 'command'])('%s, by its defaults', { timeout: 120_000 }, (how, { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const outcomes = amounts.map((amount) => start(how, under(amount), 'by defaults'));
    expect(outcomes.map((outcome) => wrongWith(how, outcome, [READ]))).toEqual(amounts.map(() => undefined));
    expect(outcomes.at(-1)?.did).toContain('ran');
  });
});
