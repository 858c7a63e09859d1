// Builds dist/ from lib/: what `npm run build:ts` runs. Node loads few files faster than many, and those faster that hold
// less: dist/ has a file for each use, loaded when it is first made of it. The types lie beside them.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * The files, and the modules that begin each; what those import is in the first file that needs it. All but the public
 * ones have doors: of them others take functions only, and the first call loads the file.
 */
const FILES = {
  index: ['index'],
  numbers: ['syscalls/generated/numbers'],
  arguments: ['syscalls/generated/arguments'],
  constants: ['syscalls/generated/constants'],
  ready: ['filter/precompiled/programs'],
  filters: [
    'profile/source',
    'profile/resolve/resolve',
    'sandbox/plan/plan-filters',
    'sandbox/spawn',
    'sandbox/child/start-errors',
    'sandbox/child/events',
    'sandbox/execve',
    'filter/verify/prove',
    'policy/algebra',
    'policy/read-policy',
    'policy/evaluate',
    'policy/validated',
  ],
  reading: [
    'profile/document/validate',
    'profile/json/positions',
    'profile/document/repeated-keys',
    'profile/json/read',
    'util/suggest',
  ],
  writing: [
    'profile/builder/host-conditions',
    'profile/builder/override',
    'profile/builder/clause',
    'profile/document/stringify',
    'syscalls/groups',
  ],
  programs: [
    'sandbox/node-api/methods',
    'sandbox/fork',
    'sandbox/this-process/io-uring',
    'record/record',
    'sandbox/run',
    'sandbox/spawn-sync',
    'notify/denial-messages',
  ],
  questions: ['filter/verify/decompile', 'filter/bpf/disassemble', 'profile/explain', 'sandbox/explain-here'],
  supervising: ['decode/sockaddr', 'decode/decode', 'decode/observed-call', 'agent/agent'],
  harden: ['sandbox/harden'],
  register: ['register'],
  'testing/index': ['testing/index'],
  'cli/main': ['cli/main'],
};
const PUBLIC = ['index', 'register', 'testing/index', 'cli/main'];

/** Those whose functions users call. */
const FACES = ['index', 'testing/index'];

const doors = new Map(
  Object.entries(FILES).flatMap(([file, names]) =>
    PUBLIC.includes(file) ? [] : names.map((name) => [`lib/${name}.ts`, file]),
  ),
);

/** Which file each module is in, as far as they are built. */
const homes = new Map();

/** Modules of other files: behind doors as functions that load them, and those of files that are there as they are. */
const elsewhere = (file) => ({
  name: 'elsewhere',
  setup(builder) {
    const from = relative(dirname(file), '.') || '.';
    builder.onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir, importer }) => {
      const module = relative('.', resolve(resolveDir, path)).replace(/js$/, 'ts');
      const home = doors.get(module) ?? homes.get(module) ?? file;
      if (!module.startsWith('lib/')) return undefined;
      // But for those that begin a file, modules only declare: one of which nothing is used is left out.
      if (home === file) return { path: resolve(module), sideEffects: importer === '<stdin>' };
      return { path: module, namespace: doors.has(module) ? 'door' : 'shared', sideEffects: false };
    });
    builder.onLoad({ filter: /.*/, namespace: 'door' }, ({ path }) => ({
      contents: functionsOf(path, `${from}/${doors.get(path)}.cjs`),
    }));
    builder.onLoad({ filter: /.*/, namespace: 'shared' }, ({ path }) => ({
      contents: `export const { ${exportsIn(path).join(', ')} } = require('${from}/${homes.get(path)}.cjs')['${path}'];`,
    }));
  },
});

/** What is no function is not there: importing it fails the build. */
function functionsOf(module, file) {
  const lines = exportsIn(module, '(?:async )?function').map(
    (name) => `export function ${name}(...all) { return door().${name}(...all); }`,
  );
  return [`let loaded; const door = () => (loaded ??= require('${file}')['${module}']);`, ...lines].join('\n');
}

function exportsIn(module, kind = '(?:abstract |async )?(?:class|const|function\\*?)') {
  const text = readFileSync(module, 'utf8');
  const declared = [...text.matchAll(new RegExp(`^export ${kind} (\\w+)`, 'gm'))].map(([, name]) => name);
  const passedOn = [...text.matchAll(/^export \{([^}]*)\} from/gm)].flatMap(([, list]) => list.split(','));
  const values = passedOn.map((each) => each.trim()).filter((each) => each !== '' && !each.startsWith('type '));
  return [...new Set([...declared, ...values])]; // A function has a line for each of its overloads.
}

/**
 * Node's own modules as its CommonJS has them, ready made: for import Node first makes a list of all that each exports. Of
 * those that this one offers, only what is used stays.
 */
const nodeModules = {
  name: 'node modules',
  setup(builder) {
    builder.onResolve({ filter: /^node:/ }, ({ path, kind }) => {
      if (kind !== 'require-call') return { path, namespace: 'node' };
      return path === 'node:child_process' ? { path, namespace: 'later' } : { path, external: true };
    });
    // Half of what commander takes to load, for programs that are started otherwise.
    builder.onLoad({ filter: /.*/, namespace: 'later' }, ({ path }) => ({
      contents: `exports.spawn = (...all) => process.getBuiltinModule('${path}').spawn(...all);`,
    }));
    builder.onLoad({ filter: /.*/, namespace: 'node' }, ({ path }) => ({ contents: exportsOf(path) }));
  },
};

function exportsOf(path) {
  const names = Object.keys(process.getBuiltinModule(path)).filter((name) => /^[a-z]\w*$/i.test(name));
  const lines = names.map((name) => `export const ${name} = /* @__PURE__ */ (() => from.${name})();`);
  return [`const from = process.getBuiltinModule(${JSON.stringify(path)});`, ...lines].join('\n');
}

rmSync('dist', { recursive: true, force: true }); // What has lost its source does not stay.
const { status, error } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (error !== undefined) console.error(`seccomp: tsc does not start (${error.message}): run this as npm run build:ts`);
if (status === 0) await bundle();
process.exitCode = status ?? 1;

async function bundle() {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const inputs = new Set();
  const bundled = async (file, contents) => {
    const { metafile, outputFiles } = await build({
      stdin: { contents, resolveDir: '.' },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20.19',
      external: [...Object.keys({ ...dependencies, ...peerDependencies }), '*.cjs'],
      plugins: [elsewhere(file), nodeModules],
      alias: { 'fastest-levenshtein': 'fastest-levenshtein/esm/mod.js' }, // Its CommonJS assigns to exports.
      define: { 'import.meta.url': 'moduleUrl' }, // Which CommonJS has not.
      logLevel: 'warning',
      metafile: true,
      write: false,
    });
    return { modules: Object.keys(metafile.inputs), text: unpolluted(withClassNames(outputFiles[0].text)) };
  };
  for (const [file, names] of Object.entries(FILES)) {
    const begin = names.map((name) => (FACES.includes(file) ? face(name) : `export * from './lib/${name}.js';`));
    const { modules } = await bundled(file, begin.join('\n'));
    const own = modules.filter((module) => module.startsWith('lib/'));
    const named = own.map((module) => `export * as '${module}' from './${module.replace(/ts$/, 'js')}';`);
    const { text } = await bundled(file, [...(PUBLIC.includes(file) ? begin : []), ...named].join('\n'));
    write(file, file === 'harden' ? loadingAll() + text : text);
    if (file !== 'register') for (const module of own) homes.set(module, file); // Loading register attaches a filter.
    for (const module of modules) inputs.add(module);
  }
  homes.clear();
  doors.clear(); // Loaded by --require, before all else: one file with what it needs.
  write('preload', (await bundled('preload', "import './lib/sandbox/this-process/fork-preload.js';")).text);
  writeFileSync('dist/LICENSES.txt', licences([...inputs]));
  for (const name of ['index', 'register', 'testing/index']) writeFileSync(`dist/${name}.js`, entry(name));
  // Vitest and Jest are found by import only.
  const matchers = ['lib/testing/vitest.ts', 'lib/testing/jest.ts'];
  await build({ entryPoints: matchers, outdir: 'dist/testing', target: 'node20.19' });
  writeFileSync('dist/cli/package.json', '{"type":"commonjs"}\n'); // Links that npm made to main.js go on leading there.
  renameSync('dist/cli/main.cjs', 'dist/cli/main.js');
  chmodSync('dist/cli/main.js', 0o755); // npm does this once, when it links the command; a later build must do so itself.
}

/**
 * esbuild's helpers define properties by descriptors that inherit from Object.prototype, and enumerate what is on it among the
 * exports of a module. These don't, so that a polluted prototype does not change what is exported.
 */
function unpolluted(text) {
  const helpers = [
    [
      '= Object.defineProperty;',
      '= (target, key, descriptor) => Object.defineProperty(target, key, Object.setPrototypeOf(descriptor, null));',
    ],
    ['for (var name in all)', 'for (var name of Object.keys(all))'],
  ];
  return helpers.reduce((result, [theirs, ours]) => {
    if (!text.includes('__export(')) return result;
    if (!result.includes(theirs))
      throw new Error(`esbuild's helpers have no "${theirs}": see how they define properties now`);
    return result.replace(theirs, ours);
  }, text);
}

/** Undoes `var Profile = class _Profile`, which esbuild makes of classes that name themselves: people see the name. */
function withClassNames(text) {
  const renamed = [...text.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => name);
  return renamed.reduce((result, name) => result.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name), text);
}

/** A module's exports, of which the functions are public: the stacks of their errors begin at their callers. */
function face(name) {
  const lines = exportsIn(`lib/${name}.ts`).map((value) =>
    /^[a-z]/.test(value)
      ? `export const ${value} = typeof all.${value} === 'function' ? publicFunction(all.${value}) : all.${value};`
      : `export { ${value} } from './lib/${name}.js';`,
  );
  const imports = [
    `import * as all from './lib/${name}.js';`,
    "import { publicFunction } from './lib/util/caller.js';",
  ];
  return [...imports, ...lines].join('\n');
}

/** Under the filter that harden puts on, files may not be open to it any more. */
function loadingAll() {
  const files = Object.keys(FILES).filter((file) => !PUBLIC.includes(file) && file !== 'harden');
  return `${files.map((file) => `require('./${file}.cjs');`).join('')}\n`;
}

/** What import finds: the same objects that require() gives. */
function entry(name) {
  const file = `process.getBuiltinModule('node:module').createRequire(import.meta.url)('./${basename(name)}.cjs')`;
  const values = exportsIn(`lib/${name}.ts`);
  return values.length === 0 ? `${file};\n` : `export const { ${values.join(', ')} } = ${file};\n`;
}

function write(file, text) {
  const url = text.includes('moduleUrl')
    ? "const moduleUrl = require('node:url').pathToFileURL(__filename).href;\n"
    : '';
  const start = PUBLIC.includes(file) && file.startsWith('cli/') ? '#!/usr/bin/env node\n' : '';
  mkdirSync(dirname(`dist/${file}`), { recursive: true });
  writeFileSync(`dist/${file}.cjs`, `${start}'use strict';${url}${text}`);
}

/** The licences of the libraries that these files are of. */
function licences(files) {
  const folders = new Set(files.flatMap((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  const texts = [...folders].map((folder) => {
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    return `${folder.slice('node_modules/'.length)}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
  });
  return texts.join('\n\n');
}
