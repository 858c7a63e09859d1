/** Real programs under the option `paths`: each works with its grants, and can't read a file outside of them. */
import { once } from 'node:events';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type RecordedPaths, RunError, record } from '../../lib/index.js';
import type { Paths } from '../../lib/landlock/paths/option.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { run } from '../../lib/sandbox/run.js';
import { obstacleTo } from './commands.js';
import { temporaryFolder } from './temporary-folder.js';

/** A command and its arguments. The argument URL stands for the address of a server that answers "answer". */
type Step = readonly [command: string, ...args: string[]];
export const URL_OF_SERVER = 'URL';

/** A program, and what it does in its working directory. */
export interface ProgramUnderPaths {
  /** The commands that it needs. */
  readonly needs: readonly string[];
  /** The contents of files in the home directory, which no program is granted, and in the working directory. */
  readonly home?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly paths: Paths;
  readonly steps: readonly Step[];
  /** What the last step prints. */
  readonly prints: RegExp;
  /** Makes the program print a file. */
  readonly show: (file: string) => Step;
  /** What it prints if it may not read the file. */
  readonly denied: RegExp;
}

/** The file that the programs may not read. */
export const SECRET = 'secret text of the user';

const base = realpathSync(temporaryFolder('seccomp-paths-'));

/** Adds a test for each program. */
export function testPrograms(programs: Readonly<Record<string, ProgramUnderPaths>>): void {
  for (const [name, program] of Object.entries(programs))
    test(`${name} works with its grants, and can’t read a file outside`, async ({ skip }) => {
      const obstacle = pathsSupport().reason ?? obstacleTo(...program.needs);
      skip(obstacle !== undefined, obstacle);
      const folder = join(base, name);
      writeFiles(join(folder, 'home'), { ...program.home, secret: SECRET });
      writeFiles(join(folder, 'work'), program.files ?? {});
      expect(await lastOutput(folder, program)).toMatch(program.prints);

      const secret = join(folder, 'home/secret');
      const step = program.show(secret);
      const denied = await outputOf(step, folder, program);
      expect(denied.output).toMatch(program.denied);
      expect(denied.output).not.toContain(SECRET);
      // The same command shows the file if it is granted.
      const { paths } = program;
      const granted = { ...program, paths: { ...paths, read: [...(paths.read ?? []), secret] } };
      expect((await outputOf(step, folder, granted)).output).toContain(SECRET);
    }, 120_000);
}

/** Adds a test for each program: it works under the paths that were recorded of it, and can't read a file outside. */
export function testRecordedPrograms(programs: Readonly<Record<string, ProgramUnderPaths>>): void {
  for (const [name, program] of Object.entries(programs))
    test(`${name} works with recorded grants, and can’t read a file outside`, async ({ skip }) => {
      const obstacle = pathsSupport().reason ?? obstacleTo(...program.needs);
      skip(obstacle !== undefined, obstacle);
      const [recorded, again] = ['recorded', 'again'].map((each) => join(base, name, each));
      for (const folder of [recorded, again]) {
        writeFiles(join(folder as string, 'home'), { ...program.home, secret: SECRET });
        writeFiles(join(folder as string, 'work'), { ...program.files, shown: 'shown' });
      }
      let paths: RecordedPaths = {};
      const recordStep = async ([command, ...args]: Step) => {
        const options = { ...placeOf(recorded as string, program), paths: true, mergePaths: paths } as const;
        const recording = await record(command, args, options);
        paths = recording.paths ?? {};
        return recording.exitCode;
      };
      await eachStep(program, async (step) => expect(await recordStep(step)).toBe(0));
      await recordStep(program.show(join(recorded as string, 'work/shown'))); // Some exit with 1, having shown it.
      const underRecorded = { ...program, paths };
      expect(await lastOutput(again as string, underRecorded)).toMatch(program.prints);
      const denied = await outputOf(program.show(join(again as string, 'home/secret')), again as string, underRecorded);
      expect(denied.output).toMatch(program.denied);
      expect(denied.output).not.toContain(SECRET);
    }, 120_000);
}

/** Writes files into a new folder. */
export function writeFiles(folder: string, contents: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** What the last of a program's steps prints. All must succeed. */
async function lastOutput(folder: string, program: ProgramUnderPaths): Promise<string> {
  let last = '';
  await eachStep(program, async (step) => {
    const { exitCode, output } = await outputOf(step, folder, program);
    expect({ step, exitCode, output }).toEqual({ step, exitCode: 0, output });
    last = output;
  });
  return last;
}

/** Calls `take` with the steps of a program, one after another, while a server answers. */
async function eachStep({ steps }: ProgramUnderPaths, take: (step: Step) => Promise<unknown>): Promise<void> {
  const server = createServer((_, response) => response.end('answer')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    for (const [command, ...args] of steps)
      await take([command, ...args.map((arg) => (arg === URL_OF_SERVER ? url : arg))]);
  } finally {
    server.close();
  }
}

/**
 * Runs a step. Returns how it ends, and what it prints to standard output and standard error.
 *
 * @param folder - Contains the home directory, `home`, and the working directory, `work`.
 */
export async function outputOf(
  [command, ...args]: Step,
  folder: string,
  { env, paths }: Pick<ProgramUnderPaths, 'env' | 'paths'>,
) {
  const place = placeOf(folder, { env });
  const result = await run(command, args, 'docker-default', { ...place, paths, timeout: 60_000 }).catch(
    (error: unknown) => (error instanceof RunError ? error : Promise.reject(error)),
  );
  return { exitCode: result.exitCode, output: `${result.stdout}${result.stderr}` };
}

/** The working directory and the variables of a program. */
function placeOf(folder: string, { env }: { readonly env?: ProgramUnderPaths['env'] | undefined }) {
  const cwd = join(folder, 'work');
  const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`;
  return { cwd, env: { PATH, HOME: join(folder, 'home'), TMPDIR: cwd, LC_ALL: 'C', ...env } };
}
