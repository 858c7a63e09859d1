/**
 * Records the syscalls that Node makes for each program of test/support/node-work/, from which the built-ins for Node
 * were written. Usage: node scripts/generate/node-syscalls.mjs [NODE…], with paths of Node executables; needs strace.
 * Prints a table of the calls: the argument that selects the operation (family, flags, request), the error, and the
 * programs that made the call, if not all did.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../test/support/node-work/', import.meta.url));
const WORKS = readdirSync(folder)
  .map((file) => basename(file, '.mjs'))
  .filter((work) => work !== 'run' && work !== 'echo');

/** The index of the argument that selects the operation, for calls that have one. */
const DECIDING = new Map([
  ...['socket', 'prctl', 'arch_prctl', 'seccomp', 'clone', 'clone3', 'personality', 'prlimit64'].map((call) => [
    call,
    0,
  ]),
  ...['ioctl', 'fcntl', 'socketpair'].map((call) => [call, 1]),
]);

/** Maps each call to the programs that made it. */
const made = new Map();
const nodes = process.argv.slice(2);
for (const node of nodes.length > 0 ? nodes : [process.execPath]) {
  console.log(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim());
  for (const work of WORKS) record(node, work);
}
for (const [call, works] of [...made].sort(([a], [b]) => (a < b ? -1 : 1))) {
  console.log(works.size === WORKS.length ? call : `${call}  ${[...works].join(' ')}`);
}

function record(node, work) {
  const output = mkdtempSync(join(tmpdir(), 'seccomp-record-'));
  const traced = ['-ff', '-qq', '-s', '0', '-o', join(output, 'trace'), node, join(folder, 'run.mjs'), work];
  const { stdout, error } = spawnSync('strace', traced, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (stdout.trim() !== 'works') console.log(`${work}: ${stdout.trim()}`);
  for (const file of readdirSync(output)) {
    for (const line of readFileSync(join(output, file), 'utf8').split('\n')) note(line, work);
  }
  rmSync(output, { recursive: true });
}

/** Parses `socket(AF_INET, SOCK_STREAM, 0) = -1 EPERM (…)`. */
function note(line, work) {
  const [, call, rest = ''] = /^(\w+)\((.*)/.exec(line) ?? [];
  if (call === undefined) return;
  const argument = DECIDING.has(call) ? argumentOf(call, rest) : '';
  const entry = `${call}(${argument})${/ = -1 (EPERM|ENOSYS)/.exec(line)?.[0] ?? ''}`;
  made.set(entry, (made.get(entry) ?? new Set()).add(work));
}

function argumentOf(call, rest) {
  const flags = /flags=([^,}]+)/.exec(rest)?.[1];
  const chosen =
    flags ?? (call === 'socket' || call === 'socketpair' ? rest.split(/[,)]/).slice(0, 3).join() : undefined);
  return (chosen ?? rest.split(/[,)]/)[DECIDING.get(call)] ?? '').trim().replace(/0x[0-9a-f]{6,}/g, '…');
}
