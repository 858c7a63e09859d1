/** Makes the accesses of a scenario in the running kernel. */
import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import { compileC } from '../support/compile-c.js';
import type { Scenario } from './scenarios.js';

const program = () => compileC('../landlock/accesses.c');

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
  const input = [
    ...files,
    `handle ${ruleset.handled} - -`,
    ...ruleset.rules.map(({ path, rights }) => `rule ${rights} ${path} -`),
    ...attempts.map(({ words }) => words),
    '',
  ].join('\n');
  const output = execFileSync(program(), { cwd: place, input, encoding: 'utf8', timeout: 60_000 });
  const answers = output.trimEnd().split('\n').filter(Boolean);
  if (answers.length !== attempts.length) throw new Error(`${answers.length} answers to ${attempts.length} accesses`);
  return answers.map((line) => {
    const [outside = '', inside = ''] = line.split(' ').map(Number).map(nameOf);
    return { outside, inside };
  });
}

function nameOf(errno: number): string {
  return (
    Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? (errno === 0 ? 'allowed' : `${errno}`)
  );
}
