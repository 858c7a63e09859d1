/**
 * Makes the package of a release and checks it: `npm run release`. It publishes nothing: .github/workflows/release.yml
 * publishes the tarball, in a job that runs none of the programs that built it. With `--dry-run`, the version's date and tag may
 * be missing.
 *
 * In a workflow of GitHub, sets the outputs `tarball`, `sha512` and `dist-tag` of its step, which that job needs.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { folderOf, installOnce } from '../pinned.js';
import {
  checkChangelog,
  checkContents,
  checkGit,
  checkLicenses,
  checkLockfile,
  checkManifest,
  checkPrebuilds,
  checkSources,
  type Problem,
} from './checks.js';
import { billOfMaterials, bundledLibraries } from './sbom.js';

const ROOT = resolve(import.meta.dirname, '../..');

const { values: options } = parseArgs({
  options: { 'dry-run': { type: 'boolean', default: false }, to: { type: 'string', default: join(ROOT, 'out') } },
});
const out = resolve(options.to);
const stage = join(out, 'package');
const { version } = JSON.parse(text(ROOT, 'package.json'));
const distTag = String(version).includes('-') ? 'next' : 'latest';

/** What the commit lacks. A dry run lists it, and does not fail. */
const unready: readonly Problem[] = [
  ...checkChangelog(version, text(ROOT, 'CHANGELOG.md')),
  ...checkGit(version, git('status', '--porcelain'), git('tag', '--points-at', 'HEAD')),
];
const prebuilds = checkPrebuilds(version, (path) =>
  existsSync(join(out, path)) ? readFileSync(join(out, path)) : null,
);
if (prebuilds.length > 0 || (unready.length > 0 && !options['dry-run'])) end(prebuilds);

const tarball = execFileSync(process.execPath, [join(ROOT, 'scripts/release/pack.mjs'), '--to', out], {
  encoding: 'utf8',
}).trim();
const bytes = readFileSync(tarball);
const files = listOf(tarball).map((path) => path.replace('package/', ''));
const sources = listOf(join(stage, 'native/sources.tar.gz'));
const bundled = bundledLibraries(ROOT);
const licensed = text(stage, 'LICENSE').split('\n');
if (sources.includes('node-addon-api/LICENSE.md')) licensed.push('node-addon-api');
const bill = `${tarball.slice(0, -'.tgz'.length)}.cdx.json`;
writeFileSync(bill, `${JSON.stringify(billOfMaterials(stage, bundled), null, 2)}\n`);
const problems = [
  ...checkContents(files, bytes.length),
  ...checkSources(sources, git('ls-files', 'native')),
  ...checkManifest(JSON.parse(text(stage, 'package.json'))),
  ...checkLicenses(bundled, licensed),
  ...checkLockfile(JSON.parse(text(ROOT, 'package-lock.json'))),
  ...linter('publint', '--strict', stage),
  ...linter('attw', tarball),
];

const digest = createHash('sha512').update(bytes).digest();

printTable({
  name: 'seccomp',
  version,
  tag: distTag,
  files: String(files.length),
  packed: `${bytes.length} bytes`,
  unpacked: `${files.reduce((sum, file) => sum + statSync(join(stage, file)).size, 0)} bytes`,
  integrity: `sha512-${digest.toString('base64')}`,
  contains: bundled.map((library) => `${library.name} ${library.version} (${library.license})`).join(', '),
  tarball,
  'bill of materials': bill,
});
const { GITHUB_OUTPUT } = process.env;
if (GITHUB_OUTPUT !== undefined)
  appendFileSync(
    GITHUB_OUTPUT,
    `tarball=${basename(tarball)}\nsha512=${digest.toString('hex')}\ndist-tag=${distTag}\n`,
  );
end(problems);

/** Runs a linter of packages. */
function linter(name: string, ...args: readonly string[]): readonly Problem[] {
  installOnce('scripts/linters');
  const command = join(folderOf('scripts/linters'), 'node_modules/.bin', name);
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  if (status === 0) return [];
  return [
    {
      problem: `${name} fails:\n${stdout}${stderr}`.trimEnd(),
      remedy: `npx tsx scripts/pinned.ts scripts/linters ${name} ${args.join(' ')}`,
    },
  ];
}

/** Returns what is in an archive. */
function listOf(archive: string): readonly string[] {
  return execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trimEnd().split('\n');
}

function git(...args: readonly string[]): readonly string[] {
  const lines = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trimEnd();
  return lines === '' ? [] : lines.split('\n');
}

function text(folder: string, name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

function printTable(rows: Readonly<Record<string, string>>): void {
  const width = Math.max(...Object.keys(rows).map((name) => name.length));
  for (const [name, value] of Object.entries(rows)) console.log(`${name.padEnd(width)}  ${value}`);
}

function print(title: string, list: readonly Problem[]): void {
  if (list.length === 0) return;
  console.log(`\n${title}:`);
  for (const { problem, remedy } of list) console.log(`- ${problem}\n  Remedy: ${remedy}`);
}

/** Ends this process, unsuccessfully if there are problems. In a dry run, those of the commit do not matter. */
function end(found: readonly Problem[]): never {
  const failures = options['dry-run'] ? found : [...found, ...unready];
  print('the release fails its checks', failures);
  if (options['dry-run']) print('before this can be published', unready);
  process.exit(failures.length === 0 ? 0 : 1);
}
