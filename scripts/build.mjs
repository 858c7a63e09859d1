/**
 * Builds dist/ from lib/: `npm run build:ts`.
 *
 * tsc writes the types. Rolldown writes the code: one file, a chunk, for each folder of lib/, since Node loads few
 * files faster than many. Babel turns the chunks into CommonJS and evaluates each import at its first use (its option
 * `lazy`): `import 'seccomp'` loads one chunk, and a call of spawn() loads those that it needs.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { transformAsync } from '@babel/core';
import commonJs from '@babel/plugin-transform-modules-commonjs';
import { rolldown } from 'rolldown';

const LIB = resolve('lib');
const DIST = resolve('dist');

/** The files of dist/ that others load by name, and the modules of lib/ they begin with. */
const ENTRIES = {
  'index.cjs': 'entry.ts',
  'register.cjs': 'register.ts',
  'testing/index.cjs': 'testing/entry.ts',
  'cli/main.js': 'cli/main.ts',
};

/** Modules that only one entry uses become part of its file. */
const FOLDERS_OF_ONE_ENTRY = ['cli', 'testing'];

/** ES modules that import their peer dependency: Vitest and Jest hand out their `expect` by import only. */
const MATCHERS = { 'vitest.js': 'testing/vitest.ts', 'jest.js': 'testing/jest.ts' };

/** Loaded by `node --require` before everything else: one file that contains all it needs. */
const PRELOAD = { 'preload.cjs': 'sandbox/this-process/fork-preload.ts' };

rmSync(DIST, { recursive: true, force: true });
writeTypes();
const used = new Set([...(await writeChunks()), ...(await writePreload())]);
await writeMatchers();
writeFileSync(join(DIST, 'LICENSES.txt'), licenses(used));

function writeTypes() {
  const { status, error } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
  if (error !== undefined) console.error(`seccomp: cannot start tsc (${error.message}): use npm run build:ts`);
  if (status !== 0) process.exit(status ?? 1);
}

/** Writes the entries and the chunks that they share. Returns the modules that these files contain. */
async function writeChunks() {
  const bundle = await open(ENTRIES);
  const core = await modulesLoadedAtImport(bundle);
  const chunkOf = (file) => (core.has(file) ? 'core' : folderOf(file));
  const { output } = await bundle.generate({
    ...outputOptions(DIST),
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ debugName: 'folders', name: chunkOf }] },
  });
  const chunks = output.filter(({ type }) => type === 'chunk');
  for (const chunk of chunks) await writeCommonJs(DIST, chunk);
  for (const { fileName, exports } of chunks.filter(({ isEntry }) => isEntry))
    if (fileName.endsWith('.cjs')) writeImportable(fileName, exports);
  chmodSync(join(DIST, 'cli/main.js'), 0o755); // npm does this only when it links the command.
  writeFileSync(join(DIST, 'cli/package.json'), '{"type":"commonjs"}\n'); // For main.js, whose name npm's links refer to.
  return chunks.flatMap(({ moduleIds }) => moduleIds);
}

/**
 * The chunk of a module that is not loaded at import: one for each folder, and one for each of the generated tables.
 */
function folderOf(file) {
  if (!file.startsWith(LIB + sep)) return null;
  const path = relative(LIB, file).slice(0, -'.ts'.length).split(sep);
  if (FOLDERS_OF_ONE_ENTRY.includes(path[0])) return null;
  const folder = path.includes('generated') ? path : path.slice(0, -1);
  return folder.length === 0 ? null : folder.join('-');
}

/**
 * The modules that `import 'seccomp'` evaluates: its classes and what these need at once. Found by a build that has one
 * file for each module.
 */
async function modulesLoadedAtImport(bundle) {
  const folder = mkdtempSync(join(DIST, 'modules-'));
  const { output } = await bundle.generate({
    ...outputOptions(folder),
    preserveModules: true,
    preserveModulesRoot: LIB,
  });
  for (const chunk of output) if (chunk.type === 'chunk') await writeCommonJs(folder, chunk);
  const require = createRequire(import.meta.url);
  Object.values(require(join(folder, 'index.cjs')));
  const loaded = output.filter(
    ({ fileName, isEntry }) => !isEntry && Object.hasOwn(require.cache, join(folder, fileName)),
  );
  rmSync(folder, { recursive: true });
  return new Set(loaded.flatMap(({ moduleIds }) => moduleIds));
}

async function writePreload() {
  const bundle = await open(PRELOAD);
  const { output } = await bundle.generate({ ...outputOptions(DIST), codeSplitting: false });
  const [chunk] = output;
  await writeCommonJs(DIST, chunk);
  return chunk.moduleIds;
}

async function writeMatchers() {
  const bundle = await open(MATCHERS, { external: (id) => !id.startsWith(LIB) });
  await bundle.write({ dir: join(DIST, 'testing'), format: 'es', entryFileNames: '[name]' });
}

/** Opens the modules that files of dist/ begin with. */
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
    treeshake: { moduleSideEffects: false }, // No module is imported for its effects alone.
    ...options,
  });
}

function outputOptions(dir) {
  return {
    dir,
    format: 'es', // Babel makes it CommonJS.
    entryFileNames: '[name]',
    chunkFileNames: '[name].chunk.cjs',
    minifyInternalExports: false,
    polyfillRequire: false,
    sourcemap: true,
  };
}

/** Writes a chunk and its source map. Imports are evaluated at their first use, those of Node's modules as well. */
async function writeCommonJs(folder, { fileName, code, map }) {
  const file = join(folder, fileName);
  const result = await transformAsync(code, {
    babelrc: false,
    configFile: false,
    filename: file,
    compact: false,
    inputSourceMap: map ?? false,
    sourceMaps: true,
    assumptions: { constantReexports: true }, // Those of the entries: what an import needs at once.
    // `strict`: no __esModule, whose definition would read properties of Object.prototype.
    plugins: [[commonJs.default, { lazy: () => true, strict: true, importInterop: 'none' }]],
  });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${result.code}\n//# sourceMappingURL=${basename(file)}.map\n`);
  writeFileSync(`${file}.map`, JSON.stringify(result.map));
}

/** Writes the file that import finds. It gives the same objects as require does. */
function writeImportable(fileName, names) {
  const load = `process.getBuiltinModule('node:module').createRequire(import.meta.url)('./${basename(fileName)}')`;
  const text = names.length === 0 ? `${load};\n` : `export const { ${names.join(', ')} } = ${load};\n`;
  writeFileSync(join(DIST, fileName.replace('.cjs', '.js')), text);
}

/** The licenses of the libraries whose modules dist/ contains. */
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
