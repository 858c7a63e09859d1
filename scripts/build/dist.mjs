/**
 * Builds dist/ from lib/; with --changed, only if a source is newer: the first `npx` in a checkout installs a link to it, for which
 * npm prepares it again.
 *
 * types.mjs writes the declarations. Rolldown bundles the modules of one or more folders of lib/ into one file, a chunk,
 * since Node loads few files faster than many, and npm installs them faster. Babel turns the chunks into CommonJS that
 * evaluates each import at its first use (its option `lazy`). So `import 'seccomp'` loads only the chunk `core`, and a call
 * loads the chunks that it needs; harden() loads all of them (lib/util/load-chunks.ts). A stack trace names a line of a
 * chunk, and with --enable-source-maps a line of lib/; the package that is published has no source maps (scripts/release/pack.mjs).
 */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { transformAsync } from '@babel/core';
import commonJs from '@babel/plugin-transform-modules-commonjs';
import { rolldown } from 'rolldown';
import { reasonForDist } from './changes.mjs';
import { writeTypes } from './types.mjs';

const LIB = resolve('lib');
const DIST = resolve('dist');

/**
 * The file of the command, which nothing imports. `npx` in a checkout links to this name in a cache that outlives builds: if it
 * changes, the command is not found.
 */
const COMMAND = 'cli/main.js';

/** The files of dist/ that are loaded by name, each with the module of lib/ that it starts with. */
const ENTRIES = {
  'index.cjs': 'entry.ts',
  'register.cjs': 'register.ts',
  'testing/index.cjs': 'testing/entry.ts',
  [COMMAND]: 'cli/main.ts',
};

/** Folders without a chunk. Only one entry imports their modules, so they become part of the entry's file. */
const FOLDERS_OF_ONE_ENTRY = ['cli', 'testing'];

/**
 * Folders whose modules are in the chunk of another one: they are small, or loaded with it in any case. The first start of a
 * program loads all of `sandbox`, and the first notification all of `syscalls`: lib/util/load-chunks.ts lists what it needs.
 * lib/addon/ reports that files can't be loaded, so it is with what loads the addon. `root` is for the modules in lib/ itself.
 */
const CHUNK_OF_FOLDER = {
  addon: 'sandbox',
  agent: 'record',
  analysis: 'profile',
  decode: 'syscalls',
  kernel: 'sandbox',
  landlock: 'sandbox',
  notify: 'sandbox',
  policy: 'compile',
  'process-tree': 'sandbox',
  root: 'sandbox',
};

const CHUNK = '.chunk.cjs';

/** The chunk that every file loads first. */
const CORE = `core${CHUNK}`;

/** ES modules that import the `expect` of Vitest and of Jest. */
const MATCHERS = { 'vitest.js': 'testing/vitest.ts', 'jest.js': 'testing/jest.ts' };

/** As in lib/addon/failure.ts. */
const MOVED =
  'seccomp was moved out of its package, as bundlers do: mark it as external (esbuild: --external:seccomp), and install it beside the program';

if (process.argv.includes('--changed') && reasonForDist() === undefined) process.exit();
const began = new Date();
// With --code, the declarations that are there are kept: tests of a mutant need none.
if (!process.argv.includes('--code')) {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST);
  await writeTypes(DIST);
}
const used = new Set(await writeChunks());
await writeMatchers();
writeFileSync(join(DIST, 'LICENSES.txt'), licenses(used));
utimesSync(join(DIST, 'LICENSES.txt'), began, began); // For scripts/build/changed.ts: a source may have changed since.

/** Writes the entries and the chunks that they share. Returns the modules that these files contain. */
async function writeChunks() {
  const bundle = await open(ENTRIES);
  const shared = await modulesOfFirstUses(bundle);
  const chunkOf = (file) => shared.get(file) ?? folderOf(file);
  const { output } = await bundle.generate({
    ...outputOptions(DIST),
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ debugName: 'folders', name: chunkOf }] },
  });
  const chunks = output.filter(({ type }) => type === 'chunk');
  for (const chunk of chunks) await writeCommonJs(DIST, chunk);
  for (const { fileName, exports } of chunks.filter(({ isEntry }) => isEntry))
    if (fileName !== COMMAND) writeImportable(fileName, exports);
  chmodSync(join(DIST, COMMAND), 0o755); // npm does this only when it links the command.
  writeFileSync(join(DIST, dirname(COMMAND), 'package.json'), '{"type":"commonjs"}\n'); // For the name that npm's links refer to.
  return chunks.flatMap(({ moduleIds }) => moduleIds);
}

/** Returns the name of a module's chunk, by its folder in lib/. */
function folderOf(file) {
  const path = relative(LIB, file).slice(0, -'.ts'.length).split(sep);
  // Code that reports errors must not load another file: this process may have no descriptors left.
  if (path[0] === 'util' || path.includes('fastest-levenshtein')) return 'core';
  if (path[0] === '..' || FOLDERS_OF_ONE_ENTRY.includes(path[0])) return null;
  if (Object.values(ENTRIES).includes(relative(LIB, file))) return null;
  const folder = path.length === 1 ? 'root' : path[0];
  return CHUNK_OF_FOLDER[folder] ?? folder;
}

/**
 * Returns the modules that nearly every use of the package loads, with the names of their two chunks: `core` for an
 * import, `compile` for the filter of a built-in profile. To find them, builds one file for each module and checks
 * which of these files Node loads.
 */
async function modulesOfFirstUses(bundle) {
  const folder = mkdtempSync(join(DIST, 'modules-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}\n'); // For the modules, whose names have no extension.
  const { output } = await bundle.generate({
    ...outputOptions(folder),
    preserveModules: true,
    preserveModulesRoot: LIB,
  });
  const modules = output.filter(({ type, isEntry }) => type === 'chunk' && !isEntry);
  for (const chunk of output) if (chunk.type === 'chunk') await writeCommonJs(folder, chunk);
  const require = createRequire(import.meta.url);
  const loaded = () => modules.filter(({ fileName }) => Object.hasOwn(require.cache, join(folder, fileName)));
  const { compile } = require(join(folder, 'index.cjs'));
  const core = loaded();
  compile('docker-default');
  const chunks = loaded().map((module) => [module, core.includes(module) ? 'core' : 'compile']);
  rmSync(folder, { recursive: true });
  return new Map(chunks.flatMap(([{ moduleIds }, name]) => moduleIds.map((file) => [file, name])));
}

async function writeMatchers() {
  const folder = join(DIST, 'testing');
  const bundle = await open(MATCHERS, { external: (id) => !id.startsWith(LIB) });
  const { output } = await bundle.write({ dir: folder, format: 'es', entryFileNames: '[name]' });
  // Vitest is an ES module. Node can require it, since it has no top-level await.
  writeFileSync(join(folder, 'vitest.cjs'), `module.exports = require('./vitest.js');\n`);
  const jest = output.find(({ fileName }) => fileName === 'jest.js');
  const code = jest.code.replace('./index.js', './index.cjs');
  await writeCommonJs(folder, { fileName: 'jest.cjs', code }); // ES modules import it too: it exports nothing.
  rmSync(join(folder, jest.fileName));
}

/** Opens the modules that these files of dist/ start with, and all that they import. */
function open(files, options = {}) {
  return rolldown({
    input: Object.fromEntries(Object.entries(files).map(([name, module]) => [name, join(LIB, module)])),
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    resolve: { alias: { 'fastest-levenshtein': 'fastest-levenshtein/esm/mod.js' } }, // Its other form is CommonJS.
    transform: {
      target: 'node20.19',
      define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    },
    treeshake: { moduleSideEffects: false }, // No module is imported only for its side effects.
    ...options,
  });
}

function outputOptions(dir) {
  return {
    dir,
    format: 'es', // Babel makes it CommonJS.
    entryFileNames: '[name]',
    chunkFileNames: `[name]${CHUNK}`,
    minifyInternalExports: false,
    polyfillRequire: false,
    sourcemap: true,
  };
}

/**
 * Writes a chunk and its source map. Imports are evaluated at their first use, but those of Node's modules when the chunk is
 * loaded: under Jest, `require` does not work any more when a test file has ended, while its children may still run.
 */
async function writeCommonJs(folder, { fileName, code, map }) {
  const file = join(folder, fileName);
  const result = await transformAsync(code, {
    babelrc: false,
    configFile: false,
    filename: file,
    comments: false,
    compact: false,
    inputSourceMap: map ?? false,
    sourceMaps: true,
    assumptions: { constantReexports: true }, // Only entries re-export: classes, which an import evaluates.
    // `strict` omits the definition of __esModule, which would read properties of Object.prototype.
    plugins: [[commonJs.default, { lazy: (name) => !isBuiltin(name), strict: true, importInterop: 'none' }]],
  });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${findLoadedChunks(fileName, result.code)}\n//# sourceMappingURL=${basename(file)}.map\n`);
  writeFileSync(`${file}.map`, JSON.stringify(result.map));
}

/**
 * Makes code find the chunks that are loaded in a map, which the chunk `core` exports, and `require` only the others. No
 * line moves, for the source map.
 */
function findLoadedChunks(fileName, code) {
  const [, folder] = /require\("(\.*\/)\w+\.chunk\.cjs"\)/.exec(code) ?? [];
  if (folder === undefined) return code;
  const isCore = fileName === CORE;
  const found = code
    .replace(/require\("(?:\.*\/)(\w+)\.chunk\.cjs"\)/g, (required, name) => `chunks.get("${name}") ?? ${required}`)
    .replace('"use strict";', `$& const chunks = ${isCore ? 'new Map()' : `require("${folder}${CORE}").chunks`};`);
  if (!fileName.endsWith(CHUNK)) return found;
  return `${found}\n${isCore ? 'exports.chunks = chunks;\n' : ''}chunks.set("${basename(fileName, CHUNK)}", exports);`;
}

/**
 * Writes the ES module of an entry. It exports the same objects as the CommonJS file. A bundler does not see that it
 * loads that file, so the error for a module that was moved says what to do. In CommonJS, esbuild makes import.meta.url
 * undefined.
 */
function writeImportable(fileName, names) {
  const file = `./${basename(fileName)}`;
  const text = `${names.length === 0 ? '' : `export const { ${names.join(', ')} } = `}load();
function load() {
  try {
    return process.getBuiltinModule('node:module').createRequire(import.meta.url)('${file}');
  } catch (error) {
    if (error.code !== 'ERR_INVALID_ARG_VALUE' && !error.message.startsWith("Cannot find module '${file}'")) throw error;
    throw new Error('${MOVED}', { cause: error });
  }
}
`;
  writeFileSync(join(DIST, fileName.replace('.cjs', '.js')), text);
}

/** Returns the licenses of the libraries that dist/ contains. */
function licenses(modules) {
  const folder = resolve('node_modules');
  const paths = [...modules].filter((file) => file.startsWith(folder + sep)).map((file) => relative(folder, file));
  const names = new Set(
    paths.map((path) =>
      path
        .split(sep)
        .slice(0, path.startsWith('@') ? 2 : 1)
        .join('/'),
    ),
  );
  const texts = [...names].map((name) => {
    const file = readdirSync(join(folder, name)).find((each) => each.toLowerCase().startsWith('licen'));
    return `${name}\n\n${readFileSync(join(folder, name, file), 'utf8').trim()}\n`;
  });
  return texts.join('\n\n');
}
