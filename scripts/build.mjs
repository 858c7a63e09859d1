// Builds dist/ from lib/: what `npm run build:ts` runs. Node loads one large file much faster than many small ones, so
// each public entry is one, with the libraries that are not installed beside this package; the types lie beside them.
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

/**
 * Node's own modules as its CommonJS has them, ready made: for import Node first makes a list of all that each exports. Of
 * those that this one offers, only what is used stays.
 */
const nodeModules = {
  name: 'node modules',
  setup(builder) {
    builder.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'node' }));
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
  const common = {
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    external: [...Object.keys(dependencies), ...Object.keys(peerDependencies)],
    minifyWhitespace: true,
    plugins: [nodeModules],
    logLevel: 'warning',
  };
  const { metafile } = await build({
    ...common,
    entryPoints: [
      'lib/index.ts',
      'lib/cli/main.ts',
      'lib/register.ts',
      ...['index', 'vitest', 'jest'].map((name) => `lib/testing/${name}.ts`),
    ],
    outbase: 'lib',
    splitting: true,
    chunkNames: '[name]-[hash]', // Beside index.js: lib/native.ts looks for the addon from the folder that it is in.
    format: 'esm',
    metafile: true,
  });
  // Loaded by --require, before all else: CommonJS, and nothing but what it needs.
  await build({
    ...common,
    entryPoints: ['lib/sandbox/preload.ts'],
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  writeFileSync('dist/LICENSES.txt', licences(Object.keys(metafile.inputs)));
  chmodSync('dist/cli/main.js', 0o755); // npm does this once, when it links the command; a later build must do so itself.
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
