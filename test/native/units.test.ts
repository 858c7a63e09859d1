/** The unit tests of native/: each TEST of native/test/NAME_test.cc in a process of its own, since a child shares its parent's memory. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { build, JOBS, withBuildLock } from '../../scripts/build/changed.js';
import { obstacleTo } from '../support/commands.js';

/** The exit status of a test that this machine cannot run. It writes the reason to standard error. */
const SKIPPED = 77;

/** Far more than any test takes, on a busy machine too: only what hangs is ended. */
const MOST_SECONDS = 60;

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'native/test');
const sources = readdirSync(folder).filter((name) => name.endsWith('_test.cc'));
const obstacle = await buildUnits();

describe.each(sources.map((source) => source.slice(0, -'.cc'.length)))('%s', (program) => {
  const source = readFileSync(join(folder, `${program}.cc`), 'utf8');
  const names = [...source.matchAll(/^TEST\((\w+)\)/gm)].map(([, name = '']) => name);
  test.for(names)('%s', (name, { skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    const result = spawnSync(join(root, 'build-unit', program), [name], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: MOST_SECONDS * 1000,
      killSignal: 'SIGKILL',
    });
    if (result.status === SKIPPED) skip(result.stderr.trim().replace(/^skipped: /, ''));
    expect(outcomeOf(result)).toBe('passed');
  });
});

function outcomeOf({ status, signal, error, stderr }: SpawnSyncReturns<string>): string {
  if (status === 0) return 'passed';
  const isHung = error !== undefined && 'code' in error && error.code === 'ETIMEDOUT';
  if (isHung) return `hung: did not end within ${MOST_SECONDS} seconds\n${stderr}`;
  return error?.message ?? `ended with ${signal ?? `status ${status}`}\n${stderr}`;
}

/** Builds what changed of the programs, or returns why they cannot be built here. Throws what the compiler prints if it fails. */
async function buildUnits(): Promise<string | undefined> {
  const compiler = process.env['CXX']?.split(' ')[0] || 'g++';
  const missing = obstacleTo('make', compiler);
  if (missing !== undefined) return missing;
  const make = ['make', '--silent', `--directory=${folder}`, JOBS];
  const isBuilt = spawnSync('make', [...make.slice(1), '--question'], { stdio: 'ignore' }).status === 0;
  if (isBuilt) return undefined;
  if (!isWritable(root)) return 'this user cannot write to the checkout, in which the unit tests are built';
  await withBuildLock(() => build('the unit-test programs of native/', 'a source changed, or they are missing', make));
  return undefined;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
