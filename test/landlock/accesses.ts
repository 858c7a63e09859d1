/** Makes the accesses of a scenario in the running kernel. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type SpawnOptions, spawn, type Violation } from '../../lib/index.js';
import type { Paths } from '../../lib/landlock/paths/option.js';
import { compileC } from '../support/compile-c.js';
import type { Scenario } from './scenarios.js';

/** The program that makes the accesses. */
export const program = () => compileC('../landlock/accesses.c');

/** The version of Landlock, or an errno below 0. */
export function landlockAbi(): number {
  return process.platform === 'linux' ? Number(execFileSync(program(), ['--abi'])) : -constants.errno.ENOSYS;
}

/** The result of an access, as `'allowed'` or the name of an errno. */
export interface Answer {
  /** Without Landlock. */
  readonly outside: string;
  readonly inside: string;
}

/** Returns the kernel's answer to each access of a scenario. */
export function kernelAnswers({ place, files, ruleset, attempts }: Scenario): readonly Answer[] {
  const rules = ruleset.rules.map(({ path, rights }) => `rule ${rights} ${path} -`);
  const input = [...files, `handle ${ruleset.handled} - -`, ...rules, ...attempts.map(({ words }) => words), ''];
  const output = execFileSync(program(), { cwd: place, input: input.join('\n'), encoding: 'utf8', timeout: 60_000 });
  return readAnswers(output, attempts.length);
}

/** The answers to a child, and what was reported of it. */
export interface Reported {
  readonly answers: readonly Answer[];
  readonly violations: readonly Violation[];
}

/** Returns the answers to a child with the option `paths` instead of the scenario's ruleset. */
export async function answersUnder(
  paths: Paths,
  { place, files, attempts }: Scenario,
  reporting: Pick<SpawnOptions, 'onViolation' | 'reportPaths' | 'descendants'> = {},
): Promise<Reported> {
  const pipes = ['questions', 'answers'].map((name) => join(place, name));
  const make = 'mkfifo questions answers && exec "$0" --make';
  execFileSync('/bin/sh', ['-c', make, program()], { cwd: place, input: files.join('\n') });
  const [questions = 0, answers = 0] = pipes.map((path) => openSync(path, 'r+'));
  try {
    const child = spawn(program(), ['--serve'], 'docker-default', {
      ...reporting,
      paths,
      stdio: [questions, answers, 'inherit'],
    });
    const input = [...files, ...attempts.map(({ words }) => words), ''].join('\n');
    const stdio = ['pipe', 'pipe', 'inherit', questions, answers] as const;
    const asking = { cwd: place, input, encoding: 'utf8', timeout: 60_000 } as const;
    const output = execFileSync(program(), ['--ask'], { ...asking, stdio: [...stdio] });
    await once(child, 'exit');
    return { answers: readAnswers(output, attempts.length), violations: child.violations };
  } finally {
    for (const pipe of [questions, answers]) closeSync(pipe);
    for (const path of [...pipes, join(place, 'tree'), join(place, 'kept')])
      rmSync(path, { recursive: true, force: true });
  }
}

function readAnswers(output: string, count: number): readonly Answer[] {
  const lines = output.trimEnd().split('\n').filter(Boolean);
  if (lines.length !== count) throw new Error(`${lines.length} answers to ${count} accesses`);
  return lines.map((line) => {
    const [outside = '', inside = ''] = line.split(' ').map(Number).map(nameOf);
    return { outside, inside };
  });
}

function nameOf(errno: number): string {
  return (
    Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? (errno === 0 ? 'allowed' : `${errno}`)
  );
}
