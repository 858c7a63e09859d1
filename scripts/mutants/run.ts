/**
 * Runs the tests on each mutant of a list, in a copy of the checkout: first those of its own folder, then, with `suite`, all others.
 * A mutant is killed if a test fails, or hangs. Results are kept, so that a run that was ended goes on.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { createVitest, type Reporter, type TestSpecification, type Vitest } from 'vitest/node';
import { folderOf, idOf, type Mutant, mutated, readList } from './list.js';

/** What became of a mutant. `gone`: its text is no longer there, so the list must be made again. */
export type Outcome = 'killed' | 'survived' | 'invalid' | 'gone';

export interface Result {
  readonly outcome: Outcome;
  /** Whether all of the suite was run, if the mutant survived. */
  readonly suite: boolean;
  /** The file with the test that failed, and its name. */
  readonly by?: string;
  /** The sources and tests for which this holds. */
  readonly sources: string;
}

export type Results = Record<string, Result>;

const root = resolve('.');
const FILE = join(root, 'node_modules/.cache/seccomp-mutants.json');

/** Files of tests for folders of lib/ and native/ that have no folder of test/ with the same name. */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  lib: [
    ...['test/host.test.ts', 'test/errors/', 'test/boundary/'],
    ...['test/sandbox/register.test.ts', 'test/sandbox/paths.test.ts'],
  ],
  'lib-addon': ['test/addon/', 'test/native.test.ts', 'test/launcher.test.ts', 'test/sandbox/'],
  'lib-profile': ['test/profile/', 'test/analysis/'],
  'lib-process-tree': ['test/process-tree/', 'test/sandbox/', 'test/boundary/'],
  'lib-sandbox': ['test/sandbox/', 'test/boundary/', 'test/process-tree/'],
  native: [
    'test/native/',
    'test/native.test.ts',
    'test/launcher.test.ts',
    'test/sandbox/',
    'test/notify/',
    'test/process-tree/',
    'test/landlock/',
    'test/agent/',
  ],
};

/** What builds the addon and the unit tests. A mutant that a compiler refuses is none. */
const NATIVE = [
  ['node', 'scripts/build/addon.mjs'],
  ['make', '--silent', '--directory=native/test', '-j2'],
] as const;

const DIST = ['node', 'scripts/build/dist.mjs', '--code'] as const;

/** What is not run on mutants: tests of the pages and of the package, and attackers' trees. */
const NOT_RUN = /^test\/(?:extended|slow|arch|container|adversary\/tree|package|docs|types)\//;

export function readResults(): Results {
  return existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {};
}

export interface Options {
  /** Whether survivors of their folder's tests are run against the others. */
  readonly suite: boolean;
  /** Whether those are run again that a test has killed before. */
  readonly again: boolean;
}

/** Runs the mutants of a list, and keeps their results. */
export async function runList(name: string, { suite, again }: Options): Promise<void> {
  const sources = fingerprint();
  const old = readResults();
  const isDone = (mutant: Mutant) => {
    const result = old[idOf(mutant)];
    if (result === undefined || result.outcome === 'gone') return false;
    if (result.outcome !== 'survived') return !again || result.sources === sources;
    return result.sources === sources && (result.suite || !suite);
  };
  const left = readList(name).filter((mutant) => mutant.equivalent === undefined && !isDone(mutant));
  if (left.length === 0) return;
  const copy = copyOfCheckout();
  process.chdir(copy);
  let run = await openRun(copy);
  try {
    for (const [i, mutant] of left.entries()) {
      const first = { suite, before: old[idOf(mutant)]?.by?.split(' ')[0] };
      let result = await runMutant(run, mutant, first);
      // Vitest may have kept a file as it was before: a new one decides.
      if (result === undefined || result.outcome === 'survived') {
        await run.vitest.close();
        run = await openRun(copy);
        result = await runMutant(run, mutant, first);
      }
      if (result === undefined) throw new Error(`the tests that ${mutant.from} fails also fail without a change`);
      writeResults({ ...readResults(), [idOf(mutant)]: { ...result, sources } });
      console.log(
        `${name} ${i + 1} of ${left.length}: ${result.outcome}${result.by === undefined ? '' : ` by ${result.by}`}`,
      );
      if (result.outcome === 'survived') console.log(`  ${mutant.file}\n  - ${mutant.from}\n  + ${mutant.to}`);
    }
  } finally {
    process.chdir(root);
    await run.vitest.close();
    rmSync(copy, { recursive: true, force: true });
  }
}

async function openRun(copy: string): Promise<Run> {
  const failures: string[] = [];
  const vitest = await createVitest('test', {
    bail: 1,
    reporters: [noteFailures(copy, failures)],
    silent: true,
    watch: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 1000, // A worker whose test was ended by `bail` may not end by itself.
  });
  const all = await vitest.globTestSpecifications();
  return {
    vitest,
    failures,
    copy,
    specifications: all.filter(({ moduleId }) => !NOT_RUN.test(pathIn(copy, moduleId))),
  };
}

interface Run {
  readonly vitest: Vitest;
  /** The tests that failed in the current run. */
  readonly failures: string[];
  readonly copy: string;
  readonly specifications: readonly TestSpecification[];
}

/** What a mutant is run against. */
interface First {
  readonly suite: boolean;
  /** The file with the test that has killed this mutant before. */
  readonly before: string | undefined;
}

/** Returns undefined if the test that killed the mutant also fails without it: Vitest may keep a file as it was changed before. */
async function runMutant(run: Run, mutant: Mutant, first: First): Promise<Omit<Result, 'sources'> | undefined> {
  const file = join(run.copy, mutant.file);
  const text = readFileSync(file, 'utf8');
  const changed = mutated(text, mutant);
  if (changed === undefined) return { outcome: 'gone', suite: false };
  const write = (content: string) => {
    writeFileSync(file, content);
    run.vitest.invalidateFile(file);
  };
  const isNative = mutant.file.startsWith('native/');
  let isDistBuilt = false;
  let by: string | undefined;
  try {
    write(changed);
    if (isNative && !NATIVE.every(isBuilt)) return { outcome: 'invalid', suite: false };
    for (const stage of stagesOf(run, mutant, first)) {
      if (!isNative && !isDistBuilt && stage.some(({ project }) => project.name !== 'pure')) {
        isDistBuilt = true;
        if (!isBuilt(DIST)) return { outcome: 'killed', suite: false, by: 'scripts/build/dist.mjs' };
      }
      by = await failureOf(run, stage);
      if (by !== undefined) break;
    }
  } finally {
    write(text);
  }
  if (by === undefined) return { outcome: 'survived', suite: first.suite };
  if (isNative) return { outcome: 'killed', suite: false, by };
  if (isDistBuilt) isBuilt(DIST);
  const killer = by.split(' ')[0] ?? '';
  const control = run.specifications.filter(({ moduleId }) => pathIn(run.copy, moduleId) === killer);
  return (await failureOf(run, control)) === undefined ? { outcome: 'killed', suite: false, by } : undefined;
}

/** The tests to run, one group after another: the likeliest to fail first. */
function stagesOf(
  { specifications, copy }: Run,
  { file }: Mutant,
  { suite, before }: First,
): readonly (readonly TestSpecification[])[] {
  const list = file.startsWith('native/') ? 'native' : folderOf(file);
  const own = TESTS[list] ?? [`test/${list.replace('lib-', '')}/`];
  const name = basename(file)
    .replace(/\.\w+$/, '')
    .replaceAll('_', '-');
  const pathOf = ({ moduleId }: TestSpecification) => pathIn(copy, moduleId);
  const isNear = (each: TestSpecification) =>
    pathOf(each) === before ||
    basename(pathOf(each)).startsWith(`${name}.`) ||
    (list === 'native' && pathOf(each).startsWith('test/native'));
  const isOwn = (each: TestSpecification) => own.some((path) => pathOf(each).startsWith(path));
  const isPure = ({ project }: TestSpecification) => project.name === 'pure';
  const near = specifications.filter(isNear);
  const others = specifications.filter((each) => !isNear(each) && isOwn(each));
  const rest = suite ? specifications.filter((each) => !isNear(each) && !isOwn(each)) : [];
  return [near, others, rest.filter(isPure), rest.filter((each) => !isPure(each))].filter(({ length }) => length > 0);
}

/** Runs tests until one fails, and returns its file and name. */
async function failureOf({ vitest, failures }: Run, stage: readonly TestSpecification[]): Promise<string | undefined> {
  failures.length = 0;
  const { unhandledErrors } = await vitest.runTestSpecifications([...stage], false);
  vitest.state.clearErrors();
  return failures[0] ?? (unhandledErrors.length > 0 ? 'an unhandled error' : undefined);
}

/** Notes the tests and the files that fail. What Vitest returns also has those of earlier runs. */
function noteFailures(copy: string, failures: string[]): Reporter {
  return {
    onTestCaseResult: (test) => {
      if (test.result().state === 'failed') failures.push(`${pathIn(copy, test.module.moduleId)} ${test.fullName}`);
    },
    onTestModuleEnd: (module) => {
      if (module.errors().length > 0) failures.push(pathIn(copy, module.moduleId));
    },
  };
}

const pathIn = (folder: string, file: string) => file.slice(folder.length + 1);

function isBuilt([command = '', ...args]: readonly string[]): boolean {
  return (
    spawnSync(command, args, {
      stdio: 'ignore',
      env: {
        ...process.env,
        SECCOMP_TEST_RESULTS: undefined,
        PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`,
      },
    }).status === 0
  );
}

/** A copy of the checkout, in which all is built. */
function copyOfCheckout(): string {
  execFileSync('tsx', ['scripts/build/changed.ts'], { stdio: 'ignore' });
  const copy = mkdtempSync(join(tmpdir(), 'seccomp-mutants-'));
  chmodSync(copy, 0o755);
  for (const file of trackedFiles()) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file), { preserveTimestamps: true, verbatimSymlinks: true });
  }
  for (const folder of ['build', 'dist'])
    if (existsSync(join(root, folder)))
      cpSync(join(root, folder), join(copy, folder), {
        recursive: true,
        preserveTimestamps: true,
        verbatimSymlinks: true,
      });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'build/addon.stamp'), ''); // The copied folders are newer than what was built of them.
  return copy;
}

function trackedFiles(): readonly string[] {
  const output = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' });
  return output.split('\n').filter((file) => file !== '' && existsSync(join(root, file)));
}

/** A name for the content of lib/, native/ and test/. */
function fingerprint(): string {
  const hash = createHash('sha256');
  for (const file of trackedFiles())
    if (/^(?:lib|native|test)\//.test(file)) hash.update(file).update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

function writeResults(results: Results): void {
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, `${JSON.stringify(results, undefined, 1)}\n`);
}
