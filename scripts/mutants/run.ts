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
import { idOf, type Mutant, mutated, readList } from './list.js';

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
  lib: ['test/host.test.ts', 'test/errors/', 'test/boundary/', 'test/sandbox/register.test.ts'],
  'lib-addon': [
    'test/addon/',
    'test/native.test.ts',
    'test/launcher.test.ts',
    'test/package/addon.test.ts',
    'test/sandbox/',
  ],
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
  ['node', 'scripts/install.mjs'],
  ['make', '--silent', '--directory=native/test', '-j2'],
] as const;

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
  const failures: string[] = [];
  let vitest: Vitest | undefined;
  try {
    vitest = await createVitest('test', {
      bail: 1,
      reporters: [noteFailures(copy, failures)],
      silent: true,
      watch: false,
      testTimeout: 60_000,
      hookTimeout: 60_000,
    });
    const specifications = (await vitest.globTestSpecifications()).filter(
      ({ moduleId }) => !NOT_RUN.test(pathIn(copy, moduleId)),
    );
    for (const [i, mutant] of left.entries()) {
      const before = old[idOf(mutant)]?.by?.split(' ')[0];
      const result = await runMutant({ vitest, failures, copy, specifications, suite, before }, mutant);
      writeResults({ ...readResults(), [idOf(mutant)]: { ...result, sources } });
      console.log(
        `${name} ${i + 1} of ${left.length}: ${result.outcome}${result.by === undefined ? '' : ` by ${result.by}`}`,
      );
      if (result.outcome === 'survived') console.log(`  ${mutant.file}\n  - ${mutant.from}\n  + ${mutant.to}`);
    }
  } finally {
    process.chdir(root);
    await vitest?.close();
    rmSync(copy, { recursive: true, force: true });
  }
}

interface Run {
  readonly vitest: Vitest;
  /** The tests that failed in the current run. */
  readonly failures: string[];
  readonly copy: string;
  readonly specifications: readonly TestSpecification[];
  readonly suite: boolean;
  /** The file with the test that has killed this mutant before. */
  readonly before: string | undefined;
}

async function runMutant(run: Run, mutant: Mutant): Promise<Omit<Result, 'sources'>> {
  const file = join(run.copy, mutant.file);
  const text = readFileSync(file, 'utf8');
  const changed = mutated(text, mutant);
  if (changed === undefined) return { outcome: 'gone', suite: false };
  const write = (content: string) => {
    writeFileSync(file, content);
    run.vitest.invalidateFile(file);
  };
  try {
    write(changed);
    const isNative = mutant.file.startsWith('native/');
    if (isNative && !NATIVE.every(isBuilt)) return { outcome: 'invalid', suite: false };
    const stages = stagesOf(run, mutant);
    let built = isNative;
    for (const stage of stages) {
      if (!built && stage.some(({ project }) => project.name !== 'pure')) {
        built = true;
        if (!isBuilt(['node', 'scripts/build.mjs', '--code']))
          return { outcome: 'killed', suite: false, by: 'scripts/build.mjs' };
      }
      const by = await failureOf(run, stage);
      if (by !== undefined) return { outcome: 'killed', suite: false, by };
    }
    return { outcome: 'survived', suite: run.suite };
  } finally {
    write(text);
  }
}

/** The tests to run, one group after another: the likeliest to fail first. */
function stagesOf(
  { specifications, suite, before, copy }: Run,
  { file }: Mutant,
): readonly (readonly TestSpecification[])[] {
  const list = file.startsWith('native/') ? 'native' : file.split('/').slice(0, -1).slice(0, 2).join('-');
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
      env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}` },
    }).status === 0
  );
}

function copyOfCheckout(): string {
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
