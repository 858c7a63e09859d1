/**
 * Builds what changed of what tests run: `tsx scripts/build/changed.ts`. Vitest does it before tests that start processes.
 *
 * dist/ is built if a source is newer. The addon is built if it is missing, or if a source is newer and node-gyp built it in this
 * directory: in a copy of the checkout, build/Release may have an addon from elsewhere, such as an instrumented one. The unit
 * tests of native/ are built by test/native/units.test.ts, since no other test needs them.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changeSince, reasonForDist, timeOf } from './changes.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The option of make that runs as many commands at once as there are CPUs. */
export const JOBS = `-j${availableParallelism()}`;

const ADDON = 'build/Release/seccomp.node';
/** What node-gyp writes where it builds. */
const MAKEFILE = 'build/Makefile';
/** Has the time at which the last build here began. The time of the addon is not enough: a change may only affect the launcher. */
const STAMP = 'build/addon.stamp';
const ADDON_SOURCES = [
  ...['child', 'guardian', 'landlock', 'launcher', 'napi', 'supervisor', 'system'].map((name) => `native/${name}`),
  'native/binding.gyp',
  'native/sources.gypi',
  'binding.gyp',
  'package.json',
];

/** Builds what is out of date. Ends the process if that fails: Vitest would first report that it found no tests. */
export default async function setup(): Promise<void> {
  try {
    await buildChanged();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

async function buildChanged(): Promise<void> {
  if (reasonForDist() === undefined && reasonForAddon() === undefined) return;
  await withBuildLock(() => {
    // Another process may have built it in the meantime.
    const forDist = reasonForDist();
    if (forDist !== undefined) build('dist/', forDist, ['node', 'scripts/build/dist.mjs']);
    const forAddon = reasonForAddon();
    if (forAddon === undefined) return;
    const began = new Date();
    build('the addon', forAddon, commandForAddon());
    writeFileSync(join(root, STAMP), '');
    utimesSync(join(root, STAMP), began, began);
  });
}

/**
 * Makes only what changed. scripts/build/addon.mjs would build everything again after an error of the compiler, in case another Node
 * left the makefile; `npm install` still does. The makefile contains the package's version, but does not depend on package.json.
 */
function commandForAddon(): readonly string[] {
  const isCurrent = (timeOf(MAKEFILE) ?? 0) > (timeOf('package.json') ?? 0) && timeOf(ADDON) !== undefined;
  return isCurrent ? ['make', '-C', 'build', JOBS, 'BUILDTYPE=Release'] : ['node', 'scripts/build/addon.mjs'];
}

function reasonForAddon(): string | undefined {
  const built = timeOf(ADDON);
  if (built === undefined) return 'it is missing';
  return existsSync(join(root, MAKEFILE)) ? changeSince(timeOf(STAMP) ?? built, ADDON_SOURCES) : undefined;
}

/**
 * Runs a command that builds something, and prints one line about it.
 *
 * @throws an error with the output of the command if it fails.
 */
export function build(what: string, why: string, [command = '', ...args]: readonly string[]): void {
  console.log(`building ${what}: ${why}`);
  const env = { JOBS: 'max', ...process.env }; // node-gyp compiles on all CPUs.
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`cannot build ${what}:\n${error?.message ?? `${stdout}${stderr}`}`);
}

/** Runs a function while no other process builds in this checkout. The lock ends with this process, however it ends. */
export async function withBuildLock<Result>(work: () => Result): Promise<Result> {
  const folder = join(root, 'node_modules/.cache');
  mkdirSync(folder, { recursive: true });
  const holder = spawn('flock', [join(folder, 'seccomp-build.lock'), 'sh', '-c', 'echo locked; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
  if (holder.exitCode !== null) throw new Error(`flock ended with status ${holder.exitCode}`);
  try {
    return work();
  } finally {
    holder.stdin.end();
  }
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) await setup();
