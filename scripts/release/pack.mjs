/**
 * Makes the package that is published: `npm run package`. Stages its files in out/package and packs them as
 * out/seccomp-VERSION.tgz. The package.json in it is generated: it has no scripts and no dependencies, so that
 * installing the package runs and fetches nothing.
 *
 * --local     takes the addon of build/Release as the prebuilt one for this machine, for tests; writes to out/local
 * --to DIR    works in DIR instead of out/: prebuilt addons are in DIR/prebuilds
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const ROOT = resolve(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);

/** What is copied from the checkout. A path that ends in `/` is a folder. */
const SHIPPED = ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist/', 'docs/', 'native/', 'schema/'];

/** What is left out of these: the page for contributors, tests, what node-gyp builds, and what scripts/build/prebuild.sh compiles. */
const LEFT_OUT = ['docs/architecture.md', 'native/test', 'native/build', 'native/prebuild'];

/** Fields of the checkout's package.json that the published one does not have. */
const DEVELOPMENT_FIELDS = ['private', 'scripts', 'gypfile', 'devDependencies', 'overrides'];

/** The files of each folder of prebuilds/. */
const PREBUILT = ['seccomp.node', 'seccomp-launch'];

/** The platforms with prebuilt files: those on whose kernels the addon was tested. Others build it in place. */
const PREBUILT_PLATFORMS = ['linux-x64', 'linux-arm64', 'linux-riscv64'];

/** What building the addon in an installed package needs of node-addon-api. */
const NODE_ADDON_API = ['LICENSE.md', 'napi.h', 'napi-inl.h', 'napi-inl.deprecated.h'];

/** The file of native/ that node-gyp reads before it can unpack the others, and the one that is put into it. */
const BUILD_FILE = 'binding.gyp';
const INCLUDED = 'sources.gypi';

const { values: options } = parseArgs({
  options: { local: { type: 'boolean', default: false }, to: { type: 'string' } },
});
const out = resolve(options.to ?? join(ROOT, options.local ? 'out/local' : 'out'));
const stage = join(out, 'package');

const prebuilds = options.local ? localBuild() : prebuilt();
rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
for (const name of readdirSync(out)) if (/^seccomp-.*\.tgz$/.test(name)) rmSync(join(out, name));
copyShipped();
removeSourceMaps();
removeComments();
mergeLicenses();
copyNodeAddonApi();
mergeBuildFiles();
archiveSources();
for (const [platform, folder] of prebuilds)
  for (const name of PREBUILT) cpSync(join(folder, name), join(stage, 'prebuilds', platform, name));
writeFileSync(join(stage, 'package.json'), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', out];
const tarball = execFileSync('npm', args, { cwd: stage, encoding: 'utf8' }).trim();
console.log(join(out, tarball));

function copyShipped() {
  for (const path of SHIPPED) {
    const from = join(ROOT, path);
    if (!existsSync(from)) fail(`${path} is missing`, path === 'dist/' ? 'npm run build' : `git checkout ${path}`);
    const filter = (file) => !LEFT_OUT.some((path) => file === join(ROOT, path));
    cpSync(from, join(stage, path), { recursive: true, filter });
  }
}

/** Source maps lead to lib/, which is not packed. */
function removeSourceMaps() {
  const folder = join(stage, 'dist');
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = join(folder, name);
    if (name.endsWith('.map')) rmSync(file);
    if (!/\.c?js$/.test(name)) continue;
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*\n/m, ''));
  }
}

/** Appends the licenses of the libraries that dist/ contains to that of the package. */
function mergeLicenses() {
  const file = join(stage, 'dist/LICENSES.txt');
  const head = 'The files of dist/ contain parts of these libraries:';
  const licenses = [readFileSync(join(stage, 'LICENSE'), 'utf8'), head, readFileSync(file, 'utf8')];
  writeFileSync(join(stage, 'LICENSE'), licenses.join('\n\n'));
  rmSync(file);
}

/** Removes the comments of the pages, which are for tests and linters: people read these files as they are. */
function removeComments() {
  const pages = readdirSync(join(stage, 'docs'), { recursive: true }).filter((name) => name.endsWith('.md'));
  for (const file of ['README.md', ...pages.map((name) => join('docs', name))].map((name) => join(stage, name)))
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^<!-- (test:|textlint-|\/?bench:).* -->\n/gm, ''));
}

/** Copies the headers with which native/binding.gyp builds the addon where node-addon-api is not installed. */
function copyNodeAddonApi() {
  const from = dirname(require.resolve('node-addon-api/package.json'));
  for (const name of NODE_ADDON_API) cpSync(join(from, name), join(stage, 'native/node-addon-api', name));
}

/** Puts the file that binding.gyp includes into it. */
function mergeBuildFiles() {
  const folder = join(stage, 'native');
  const { variables } = JSON.parse(readFileSync(join(folder, INCLUDED), 'utf8'));
  const include = `"includes": ["${INCLUDED}"],`;
  const text = readFileSync(join(folder, BUILD_FILE), 'utf8');
  if (!text.includes(include))
    fail(`native/${BUILD_FILE} does not include ${INCLUDED}`, 'correct scripts/release/pack.mjs');
  writeFileSync(join(folder, BUILD_FILE), text.replace(include, `"variables": ${JSON.stringify(variables)},`));
  rmSync(join(folder, INCLUDED));
}

/**
 * Replaces the sources by an archive, which native/binding.gyp unpacks: installing a package takes as long as it has files.
 * The same sources make the same bytes.
 */
function archiveSources() {
  const folder = join(stage, 'native');
  const names = readdirSync(folder).filter((name) => name !== BUILD_FILE);
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
  const args = ['--create', '--format=ustar', ...same, ...names.sort()];
  writeFileSync(join(folder, 'sources.tar.gz'), gzipSync(execFileSync('tar', args, { cwd: folder }), { level: 9 }));
  for (const name of names) rmSync(join(folder, name), { recursive: true });
}

/** Returns the folder of each platform's addon and launcher: here, those that were built for this machine. */
function localBuild() {
  const folder = join(ROOT, 'build/Release');
  requireFiles(folder, 'npm run build');
  return [[`${process.platform}-${process.arch}`, folder]];
}

function prebuilt() {
  const folder = join(out, 'prebuilds');
  const folders = PREBUILT_PLATFORMS.map((platform) => [platform, join(folder, platform)]);
  for (const [, each] of folders) requireFiles(each, 'scripts/build/prebuild.sh');
  return folders;
}

function requireFiles(folder, remedy) {
  const missing = PREBUILT.map((name) => join(folder, name)).filter((file) => !existsSync(file));
  if (missing.length > 0) fail(`${missing[0]} is missing`, remedy);
}

/** Returns the package.json of the published package. */
function publishedManifest() {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const names = Object.keys(manifest.dependencies ?? {});
  if (names.length > 0)
    fail(
      `package.json has dependencies (${names.join(', ')})`,
      'move them to devDependencies: dist/ contains what it uses',
    );
  const published = Object.entries(manifest).filter(([field]) => !DEVELOPMENT_FIELDS.includes(field));
  // npm compares it with the repository that the ID token of a workflow names.
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  if (GITHUB_REPOSITORY !== undefined)
    published.push(['repository', { type: 'git', url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git` }]);
  // Yarn's Plug'n'Play leaves packages in archives, from which neither an addon can be loaded nor a program started.
  return { ...Object.fromEntries(published), preferUnplugged: true };
}

function fail(problem, remedy) {
  console.error(`seccomp: cannot pack: ${problem}. Remedy: ${remedy}`);
  process.exit(1);
}
