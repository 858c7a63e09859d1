/**
 * Writes the declarations of dist/, for scripts/build.mjs. The code is CommonJS, so its declarations are `.d.cts` files, as
 * tsc writes them but for the names of files. An ES module of dist/ exports the same objects as the CommonJS file beside
 * it, and its declaration exports the same types: a class that is imported is the class that is required.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The modules of lib/ whose declarations an `exports` of package.json refers to. */
const ENTRIES = ['index', 'register', 'testing/index'];

/** Entries that add types to those of another package's ES module. */
const AUGMENTATIONS = ['testing/vitest', 'testing/jest'];

/** The path of a module in the same folder or below, in an import of a declaration. */
const RELATIVE_IMPORT = /(?<=\b(?:from|import) ?\(?['"])(\.\.?\/[^'"]+)\.js(?=['"])/g;

/** Writes the declarations of the entries and of all modules that these import. */
export function writeTypes(dist) {
  const folder = mkdtempSync(join(dist, 'types-'));
  const { status, error } = spawnSync('tsc', ['-p', 'tsconfig.build.json', '--outDir', folder], { stdio: 'inherit' });
  if (error !== undefined) console.error(`seccomp: cannot start tsc (${error.message}): use npm run build:ts`);
  if (status !== 0) process.exit(status ?? 1);
  const texts = reachable(folder, [...ENTRIES, ...AUGMENTATIONS]);
  rmSync(folder, { recursive: true });
  for (const [name, text] of texts) write(dist, `${name}.d.cts`, text.replaceAll(RELATIVE_IMPORT, '$1.cjs'));
  for (const name of ENTRIES) write(dist, `${name}.d.ts`, `export * from './${basename(name)}.cjs';\n`);
  for (const name of AUGMENTATIONS) {
    write(dist, `${name}.d.ts`, texts.get(name));
    write(dist, `${name}.d.cts`, `/// <reference path="./${basename(name)}.d.ts" />\nexport {};\n`);
  }
}

/** Returns the texts of these modules' declarations, and of those that they import, by the module's name in lib/. */
function reachable(folder, names) {
  const texts = new Map();
  const add = (name) => {
    if (texts.has(name)) return;
    const text = readFileSync(join(folder, `${name}.d.ts`), 'utf8');
    texts.set(name, text);
    for (const [, path] of text.matchAll(RELATIVE_IMPORT)) add(join(dirname(name), path));
  };
  names.forEach(add);
  return texts;
}

function write(dist, name, text) {
  const file = join(dist, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
