/**
 * Writes the declarations of dist/, for scripts/build/dist.mjs. The code is CommonJS, so its declarations are `.d.cts` files: one
 * for each entry, which exports what types.d.cts declares. An ES module of dist/ exports the same objects as the CommonJS file beside
 * it, and its declaration exports the same types: a class that is imported is the class that is required.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

/** The modules of lib/ whose declarations an `exports` of package.json refers to. */
const ENTRIES = ['index', 'register', 'testing/index'];

/** An entry that adds types to those of another package's ES module, and one that adds them to a CommonJS module. */
const MODULE_AUGMENTATION = 'testing/vitest';
const COMMONJS_AUGMENTATION = 'testing/jest';

/** The path of a module of lib/ that an entry exports from. */
const RELATIVE_IMPORT = /(?<= from ')\.[^']+(?=')/g;

/** Writes the declarations of the entries. */
export async function writeTypes(dist) {
  const folder = mkdtempSync(join(dist, 'types-'));
  const args = ['-p', 'tsconfig.build.json', '--outDir', folder];
  const { status, error } = spawnSync('node_modules/.bin/tsc', args, { stdio: 'inherit' });
  if (error !== undefined) console.error(`seccomp: cannot start tsc (${error.message}): run npm install`);
  if (status !== 0) process.exit(status ?? 1);
  const textOf = (name) => readFileSync(join(folder, `${name}.d.ts`), 'utf8');
  write(dist, 'types.d.cts', await bundle(folder));
  for (const name of ENTRIES) {
    const types = relative(dirname(name), 'types.cjs');
    const text = textOf(name).replaceAll(RELATIVE_IMPORT, types.startsWith('.') ? types : `./${types}`);
    write(dist, `${name}.d.cts`, text);
    write(dist, `${name}.d.ts`, `export * from './${basename(name)}.cjs';\n`);
  }
  const reference = `/// <reference path="./${basename(MODULE_AUGMENTATION)}.d.ts" />\nexport {};\n`;
  write(dist, `${MODULE_AUGMENTATION}.d.ts`, textOf(MODULE_AUGMENTATION));
  write(dist, `${MODULE_AUGMENTATION}.d.cts`, reference);
  write(dist, `${COMMONJS_AUGMENTATION}.d.cts`, textOf(COMMONJS_AUGMENTATION).replace('./index.js', './index.cjs'));
  rmSync(folder, { recursive: true });
}

/**
 * Returns the declarations of all that the entries export, and of what that refers to, as one file: installing a package takes
 * longer with each file.
 */
async function bundle(folder) {
  const input = join(folder, 'types.d.ts');
  writeFileSync(input, ENTRIES.map((name) => `export * from './${name}.js';\n`).join(''));
  const bundled = await rolldown({ input, plugins: [dts({ dtsInput: true, tsconfig: false })], external: /^[^./]/ });
  const { output } = await bundled.generate({});
  // Not the names of the files, which are temporary.
  return output[0].code.replaceAll(/^\/\/ .*\.d\.ts\n/gm, '');
}

function write(dist, name, text) {
  const file = join(dist, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
