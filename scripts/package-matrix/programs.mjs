/** Rows: the installed package in each runtime, module system, compiler and bundler. */
import { copyFileSync, mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, runCommand, runJob, runJobIn } from './project.mjs';
import { commandOf, modulesOf, versionOf } from './tools.mjs';

/** Installs the package with the newest npm; under the Node that it needs. */
export const install = (project) =>
  project.run(commandOf('node 24', 'node'), [
    commandOf('npm 12'),
    'install',
    '--no-audit',
    '--no-fund',
    project.tarball,
  ]);

/** Makes a row whose project has the package installed. */
const row = (what, version, run, { node = 'node 24', quick = false } = {}) => ({
  what,
  version,
  quick,
  tools: [[node, 'node']],
  async run(project) {
    await install(project);
    return run(project);
  },
});

const nodes = ['node 20', 'node 22', 'node 24', 'node 26'].map((node) =>
  row(
    node.replace('node', 'Node'),
    versionOf(node),
    async (project) => {
      const job = await runJob(project, 'node', ['program.mjs']);
      return `${job}, ${await runCommand(project, './node_modules/.bin/seccomp')}`;
    },
    { node, quick: node === 'node 20' || node === 'node 26' },
  ),
);

const otherRuntimes = [
  row('Bun', versionOf('bun'), (project) => runJobIn(project, 'Bun', commandOf('bun'), ['program.mjs'])),
  row('Deno', versionOf('deno'), (project) =>
    runJobIn(project, 'Deno', commandOf('deno'), ['run', '--allow-all', 'program.mjs']),
  ),
];

const modules = [
  row('ES module', versionOf('node 24'), (project) => runJob(project, 'node', ['program.mjs'])),
  row('CommonJS', versionOf('node 24'), (project) => runJob(project, 'node', ['program.cjs']), { quick: true }),
];

const SETTINGS = {
  node16: { module: 'node16', include: ['*.mts', '*.cts'] },
  nodenext: { module: 'nodenext', include: ['*.mts', '*.cts'] },
  bundler: { module: 'esnext', moduleResolution: 'bundler', include: ['*.mts'] },
};

/** Compiles the TypeScript programs, of which one is an ES module and one is CommonJS, and runs the output. */
async function compileAndRun(project, tool, { include, ...options }) {
  const types = join(project.directory, 'node_modules/@types');
  mkdirSync(types);
  symlinkSync(join(modulesOf(tool), '@types/node'), join(types, 'node'));
  const folder = join(project.directory, 'typescript');
  copyFileSync(join(project.directory, 'job.mjs'), join(folder, 'job.mjs'));
  const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, allowJs: true, checkJs: true };
  const common = { target: 'es2023', lib: ['es2023', 'esnext.disposable'], types: ['node'], rootDir: '.' };
  const compilerOptions = { ...strict, ...common, outDir: 'out', ...options };
  project.write('typescript/tsconfig.json', JSON.stringify({ compilerOptions, include }));
  await project.run(commandOf(tool, 'tsc'), ['-p', 'typescript']);
  const outputs = include.map((pattern) => pattern.replace('*.', 'program.').replace(/ts$/, 'js'));
  for (const output of outputs) await runJob(project, 'node', [`typescript/out/${output}`]);
  const kinds = outputs.map((output) => (output.endsWith('.mjs') ? 'ES module' : 'CommonJS'));
  return `types, main job: ${kinds.join(' and ')}`;
}

const typescripts = ['typescript 5.9', 'typescript 7'].flatMap((tool) =>
  Object.entries(SETTINGS).map(([name, settings]) =>
    row(`TypeScript, ${name}`, versionOf(tool), (project) => compileAndRun(project, tool, settings), {
      quick: tool === 'typescript 7' && name === 'nodenext',
    }),
  ),
);

/** The section of docs/reference/install.md whose code blocks the bundlers are given: a command, and two files. */
const SECTION = /^## Bundlers$(.*?)^## /ms;

/** What each bundler needs: the place of its code block in the section, its arguments, and its output. */
const BUNDLERS = {
  esbuild: { block: 0, output: 'dist/bundle.mjs' },
  webpack: { block: 1, file: 'webpack.config.cjs', output: 'dist/bundle.cjs' },
  rollup: { block: 2, file: 'rollup.config.mjs', output: 'dist/bundle.mjs' },
};

/** Bundles the main job as the installed documentation says, and runs the bundle. */
async function bundleAndRun(project, tool, { block, file, output }) {
  const page = readFileSync(join(project.directory, 'node_modules/seccomp/docs/reference/install.md'), 'utf8');
  const [, section = ''] = SECTION.exec(page) ?? [];
  const [, code] = [...section.matchAll(/^```\w+.*?\n(.*?)^```$/gms)][block] ?? [];
  if (code === undefined) throw new Failure(`docs/reference/install.md has no example for ${tool}`);
  const isCommand = file === undefined;
  if (!isCommand) project.write(file, code);
  await project.run(commandOf(tool), isCommand ? code.trim().split(' ').slice(1) : ['--config', file]);
  // Elsewhere, so that a bundle that refers to the folder of its build fails.
  const deployed = join(project.directory, 'deployed');
  mkdirSync(deployed);
  for (const name of ['dist', 'node_modules']) renameSync(join(project.directory, name), join(deployed, name));
  return runJob(project, 'node', [join('deployed', output)]);
}

const bundles = Object.entries(BUNDLERS).map(([tool, bundler]) =>
  row(`bundle by ${tool}`, versionOf(tool), (project) => bundleAndRun(project, tool, bundler), {
    quick: tool === 'esbuild',
  }),
);

export const programs = [...nodes, ...otherRuntimes, ...modules, ...typescripts, ...bundles];
