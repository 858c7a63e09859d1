/**
 * Fills the lists of mutants: keeps those whose text is still there, and adds others until each folder has enough. Chooses by
 * a fixed seed, evenly among the kinds of changes, at most one a line, and none that a compiler refuses.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Change } from './changes.js';
import { changesOfCpp } from './cpp.js';
import { folderOf, idOf, type Mutant, mutantOf, mutated, readList, writeList } from './list.js';
import { changesOfTypeScript } from './typescript.js';

/** Tables that a script generates, texts, and what runs in the prebuilt addon only. */
const EXCLUDED =
  /^lib\/(?:syscalls\/generated\/|filter\/precompiled\/programs\.ts|cli\/help)|\.d\.ts$|^native\/(?:test|prebuild)\//;

/** How many mutants a folder has at least, and one more for so many lines. */
const LEAST = { lib: 25, native: 10 };
const LINES_PER_MUTANT = 160;

const root = resolve('.');

/** Fills the lists of these folders, or all. */
export function makeLists(names: readonly string[]): void {
  const files = execFileSync('git', ['ls-files', 'lib', 'native'], { encoding: 'utf8' }).split('\n');
  const sources = files.filter((file) => /\.(?:ts|cc|h)$/.test(file) && !EXCLUDED.test(file));
  const folders = grouped(sources, folderOf);
  for (const [name, own] of folders) {
    if (names.length > 0 && !names.includes(name)) continue;
    const kept = readList(name).filter((mutant) => mutated(readFileSync(mutant.file, 'utf8'), mutant) !== undefined);
    const list = filled(name, own, kept);
    writeList(name, list);
    console.log(`${name}: ${list.length} mutants, of which ${kept.length} were there`);
  }
}

function filled(name: string, files: readonly string[], kept: readonly Mutant[]): readonly Mutant[] {
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  const lines = [...texts.values()].join('').split('\n').length;
  const least = Math.max(name.startsWith('native') ? LEAST.native : LEAST.lib, Math.round(lines / LINES_PER_MUTANT));
  const random = randomOf(name);
  const candidates = [...texts].flatMap(([file, text]) =>
    (file.endsWith('.ts') ? changesOfTypeScript(text) : changesOfCpp(text)).map((change) => ({
      change,
      mutant: mutantOf(file, text, change),
    })),
  );
  const chosen: Candidate[] = [];
  const lineOf = ({ file, from, nth }: Mutant) => `${file} ${from} ${nth}`;
  const taken = new Set(kept.map(lineOf));
  const kinds = grouped(shuffled(candidates, random), ({ change }) => change.kind);
  while (chosen.length < 2 * least && [...kinds.values()].some(({ length }) => length > 0))
    for (const kind of [...kinds.keys()].sort()) {
      const next = kinds.get(kind)?.pop();
      if (next === undefined || taken.has(lineOf(next.mutant)) || next.mutant.from === next.mutant.to) continue;
      taken.add(lineOf(next.mutant));
      chosen.push(next);
    }
  const good = compiled(shuffled(chosen, random), texts).map(({ mutant }) => mutant);
  return [...kept, ...good.slice(0, Math.max(0, least - kept.length))].sort(
    (a, b) => a.file.localeCompare(b.file) || idOf(a).localeCompare(idOf(b)),
  );
}

interface Candidate {
  readonly change: Change;
  readonly mutant: Mutant;
}

/** Returns those whose lines a compiler accepts. All are compiled at once: each is on a line of its own. */
function compiled(candidates: readonly Candidate[], texts: ReadonlyMap<string, string>): readonly Candidate[] {
  const folder = mkdtempSync(join(root, 'out/mutants-'));
  try {
    for (const entry of ['lib', 'native', 'tsconfig.json', 'tsconfig.build.json', 'package.json'])
      cpSync(entry, join(folder, entry), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const [file, own] of grouped(candidates, ({ mutant }) => mutant.file))
      writeFileSync(
        join(folder, file),
        changed(
          texts.get(file) ?? '',
          own.map(({ change }) => change),
        ),
      );
    const isCpp = candidates[0]?.mutant.file.startsWith('native/') === true;
    const wrong = isCpp
      ? wrongLinesOfCpp(folder, candidates)
      : wrongLines(folder, ['node_modules/.bin/tsc', '-p', 'tsconfig.build.json', '--noEmit']);
    return candidates.filter(
      ({ change, mutant: { file } }) => !wrong.has(`${file}:${lineOf(texts.get(file) ?? '', change)}`),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function changed(text: string, changes: readonly Change[]): string {
  let result = text;
  for (const { start, end, to } of [...changes].sort((a, b) => b.start - a.start))
    result = result.slice(0, start) + to + result.slice(end);
  return result;
}

const lineOf = (text: string, { start }: Change) => text.slice(0, start).split('\n').length;

/** Returns the places `FILE:LINE` where a compiler finds an error. */
function wrongLines(folder: string, [command = '', ...args]: readonly string[]): ReadonlySet<string> {
  const { stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (error !== undefined) throw error;
  const places = `${stdout}${stderr}`.matchAll(/^((?:lib|native)\/[^:(]+)[:(](\d+)[^\n]*error/gm);
  return new Set([...places].map(({ 1: file, 2: line }) => `${file}:${line}`));
}

function wrongLinesOfCpp(folder: string, candidates: readonly Candidate[]): ReadonlySet<string> {
  const include = createIncludes();
  const files = new Set(candidates.map(({ mutant }) => mutant.file));
  return new Set(
    [...files].flatMap((file) => [
      ...wrongLines(folder, ['g++', '-std=c++17', '-fsyntax-only', '-Inative', ...include, file]),
    ]),
  );
}

function createIncludes(): readonly string[] {
  const api = join(root, 'node_modules/node-addon-api');
  const headers = join(dirname(dirname(process.execPath)), 'include/node');
  return [
    `-I${api}`,
    `-I${headers}`,
    '-DNAPI_VERSION=8',
    '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
    '-DSECCOMP_VERSION="0"',
    '-DNODE_GYP_MODULE_NAME=seccomp',
  ];
}

function shuffled<T>(values: readonly T[], random: () => number): readonly T[] & T[] {
  return values
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

/** A generator of numbers from 0 to 1 (mulberry32) that depends on this text only. */
function randomOf(text: string): () => number {
  let state = [...text].reduce((sum, character) => (Math.imul(sum, 31) + character.charCodeAt(0)) | 0, 35);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

mkdirSync('out', { recursive: true });

function grouped<T>(values: readonly T[], keyOf: (value: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
}
