/** Runs the scripts of this folder as the users that attack. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isolationSupport } from '../../../lib/landlock/domain.js';
import { dist } from '../../support/built.js';
import { compileC } from '../../support/compile-c.js';

const NOBODY = 65_534;

/** Users: of the process that starts trees, and of the trees. */
export interface Attacker {
  readonly who: string;
  /** The user of the parent; undefined for that of the test. */
  readonly user: number | undefined;
  /** Options of the children. */
  readonly options: Readonly<Record<string, unknown>>;
}

const OTHER_USER = { uid: NOBODY, gid: NOBODY };

/** The attackers that the user of this process can start. */
export const ATTACKERS: readonly Attacker[] =
  process.getuid?.() === 0
    ? [
        { who: 'an ordinary user', user: NOBODY, options: {} },
        { who: 'root that gives another uid', user: undefined, options: OTHER_USER },
      ]
    : [{ who: 'an ordinary user', user: undefined, options: {} }];

const directory = mkdtempSync(join(tmpdir(), 'seccomp-tree-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
chmodSync(directory, 0o755);

let compiled: string | undefined;

/** The path of the attacking program, which any user may execute. Throws without a C compiler. */
export function program(): string {
  if (compiled !== undefined) return compiled;
  compiled = join(directory, 'tree');
  copyFileSync(compileC('../adversary/tree/tree.c', ['-static', '-pthread']), compiled);
  chmodSync(compiled, 0o755);
  return compiled;
}

/**
 * Why trees can't be attacked here; undefined if they can.
 *
 * @param isGroup - Whether they are process groups, which need no Landlock.
 */
export function obstacle(isGroup = false): string | undefined {
  const { by, reason } = isolationSupport();
  if (by !== 'scopes' && !isGroup) return String(reason);
  try {
    program();
    return undefined;
  } catch (error) {
    return `no C compiler: ${String(error).slice(0, 80)}`;
  }
}

/** The names of the ways to leave a tree. */
export const escapes = (): readonly string[] =>
  spawnSync(program(), ['escapes'], { encoding: 'utf8' }).stdout.trimEnd().split('\n');

/** Milliseconds after which a script is considered to hang: it, and what it started, is ended then. A test may take longer. */
const HUNG_MS = 170_000;

/** The same for the scripts of test/slow and test/extended. */
export const LONG_HUNG_MS = 3_600_000;

/** The exit status of `tree outside` if there is no PID namespace for Node to be the first process of. */
const NO_NAMESPACE_STATUS = 78;

/** Why a test is skipped for this user. */
export const NO_NAMESPACE = 'this user can’t make a PID namespace';

/** Where a script runs: beside a process of the same user, or as the init of a PID namespace. */
export const PLACES = ['beside', 'first'] as const;
export type Place = (typeof PLACES)[number];

/**
 * Runs a script of this folder, and waits for all processes that it leaves.
 *
 * @returns What the script prints; undefined if it can't run in that place.
 * @throws if the script hangs, if a process was ended that is not in a tree, or if one is left.
 */
export function attack<Result>(
  script: string,
  { user, options }: Attacker,
  settings: object = {},
  place: Place = 'beside',
  hungMs = HUNG_MS,
): Result | undefined {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const owner = options['uid'] ?? user ?? -1;
  const command = ['outside', String(user ?? -1), String(owner), place, process.execPath, path];
  const { error, status, signal, stdout, stderr } = spawnSync(program(), command, {
    input: JSON.stringify({ home: dist, program: program(), options, ...settings }),
    ...{ encoding: 'utf8', cwd: '/', timeout: hungMs, killSignal: 'SIGKILL' },
  });
  if (error !== undefined) throw new Error(`${script} hung, or could not be started: ${error.message}\n${stderr}`);
  if (status === NO_NAMESPACE_STATUS) return undefined;
  if (status !== 0) throw new Error(`${script} ended with ${signal ?? status} after ${stdout}: ${stderr}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

/**
 * Calls a function at most once, when its result is first needed: tests that share a script each fail with its error,
 * where a hook that throws would skip them.
 */
export function once<Result>(make: () => Result): () => Result {
  let made: { readonly result: Result } | { readonly error: unknown } | undefined;
  return () => {
    try {
      made ??= { result: make() };
    } catch (error) {
      made = { error };
    }
    if ('error' in made) throw made.error;
    return made.result;
  };
}
