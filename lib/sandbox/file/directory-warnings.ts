/** Warnings about directories that a sandbox file grants, with secrets or with files that are executed outside of the sandbox. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Access } from '../../landlock/paths/rights.js';

/** An entry of a directory, and why a program should not read it, or not change it. */
interface Risk {
  readonly name: string;
  readonly reading?: string;
  readonly changing?: string;
}

const RISKS: readonly Risk[] = [
  { name: '.env', reading: 'it has secrets' },
  { name: '.git', reading: 'its settings may have passwords', changing: 'git executes its hooks' },
  { name: '.npmrc', reading: 'it may have tokens of registries' },
  { name: '.ssh', reading: 'it has private keys', changing: 'it says who may log in' },
  { name: 'package.json', changing: 'npm executes its scripts' },
];

/** Says what a grant of a directory opens in it. Undefined if none of these entries is there. */
export function directoryWarning(directory: string, access: Access): string | undefined {
  const found = RISKS.filter(({ name }) => existsSync(join(directory, name)));
  const changed = access === 'write' ? found.filter(({ changing }) => changing !== undefined) : [];
  const read = found.filter((risk) => risk.reading !== undefined && !changed.includes(risk));
  const opened = [
    ...inWords('change', changed, ({ changing }) => changing),
    ...inWords('read', read, ({ reading }) => reading),
  ];
  if (opened.length === 0) return undefined;
  return `lets the program ${opened.join(', and ')}: grant what it needs in this directory instead`;
}

/** `read .env (it has secrets) and .npmrc (it may have tokens of registries)` */
function inWords(
  verb: string,
  risks: readonly Risk[],
  reasonOf: (risk: Risk) => string | undefined,
): readonly string[] {
  if (risks.length === 0) return [];
  return [`${verb} ${risks.map((risk) => `${risk.name} (${reasonOf(risk)})`).join(' and ')}`];
}
