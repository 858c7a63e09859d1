/** The private directory of a child: made in os.tmpdir(), and removed however the child and this process end. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SeccompError } from '../../lib/errors.js';
import { makePrivateDirectory } from '../../lib/landlock/paths/private-directory.js';
import { addon } from '../../lib/native.js';
import { packageRoot } from '../support/scripts.js';
import { until } from '../support/until.mjs';

const folder = mkdtempSync(join(realpathSync(tmpdir()), 'private-directory-'));
const isRoot = process.geteuid?.() === 0;
beforeEach(() => vi.stubEnv('TMPDIR', folder));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Fills a directory with nested ones, without rights for anyone, and with a link to `outside`. */
function fill(path: string): string {
  const outside = mkdtempSync(join(folder, 'outside-'));
  writeFileSync(join(outside, 'kept'), '');
  mkdirSync(join(path, 'a/b/c'), { recursive: true });
  for (let i = 0; i < 100; i++) writeFileSync(join(path, 'a/b', `file ${i}`), '');
  symlinkSync(outside, join(path, 'a/link'));
  mkdirSync(join(path, 'closed'), { mode: 0 });
  return join(outside, 'kept');
}

const removed = (directory: { remove(done: () => void): void }) =>
  new Promise<void>((resolve) => directory.remove(resolve));

test('is in os.tmpdir(), for this user alone, with a name that nobody can guess', () => {
  const link = join(folder, 'link');
  symlinkSync(folder, link);
  vi.stubEnv('TMPDIR', link);
  const [one, other] = [makePrivateDirectory({}), makePrivateDirectory({})];
  expect(one.path).toMatch(/\/seccomp-[a-z2-7]{24}$/);
  expect(one.path.startsWith(`${folder}/seccomp-`)).toBe(true);
  expect(other.path).not.toBe(one.path);
  expect(one.variables).toEqual({ TMPDIR: one.path });
  expect(statSync(one.path)).toMatchObject({ mode: 0o40700, uid: process.geteuid?.() });
  one.removeSync();
  other.removeSync();
  expect([existsSync(one.path), existsSync(other.path)]).toEqual([false, false]);
});

test.each([
  ['at once', async (directory: ReturnType<typeof makePrivateDirectory>) => directory.removeSync()],
  ['on another thread', removed],
])('is removed with everything in it, %s; twice is no error', async (_, remove) => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const directory = makePrivateDirectory({});
  const kept = fill(directory.path);
  await remove(directory);
  expect([existsSync(directory.path), existsSync(kept)]).toEqual([false, true]);
  directory.removeSync();
  await removed(directory);
  await Promise.all([removed(directory), removed(directory)]);
  expect(warn).not.toHaveBeenCalled();
});

test('may belong to another user, who need not be able to change os.tmpdir()', async ({ skip }) => {
  skip(!isRoot, 'needs root');
  const directory = makePrivateDirectory({ uid: 65534, gid: 65534 });
  expect(statSync(directory.path)).toMatchObject({ mode: 0o40700, uid: 65534, gid: 65534 });
  await removed(directory);
  expect(existsSync(directory.path)).toBe(false);
});

test('of another user is removed with the rights of that user, and a warning says what is left', async ({ skip }) => {
  skip(!isRoot, 'needs root');
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const directory = makePrivateDirectory({ uid: 65534, gid: 65534 });
  mkdirSync(join(directory.path, 'of-root'));
  writeFileSync(join(directory.path, 'of-root/file'), '');
  await removed(directory);
  expect(readdirSync(join(directory.path, 'of-root'))).toEqual(['file']);
  const message = `the directory ${directory.path} of a child that has ended could not be removed completely (EACCES): remove it`;
  expect(warn.mock.calls).toEqual([[message, 'SeccompWarning']]);
  rmSync(join(directory.path, 'of-root'), { recursive: true });
  directory.removeSync();
  expect([existsSync(directory.path), warn.mock.calls.length]).toEqual([false, 1]);
});

test.each([
  ['does not exist', 'missing', 'realpath ENOENT'],
  ['is a file', 'file', 'open ENOTDIR'],
])('cannot be made if TMPDIR %s, and the error says so', (_, name, reason) => {
  writeFileSync(join(folder, 'file'), '');
  vi.stubEnv('TMPDIR', join(folder, name));
  const message = `@tmp: cannot make the child's directory in ${join(folder, name)}, the directory for temporary files (${reason}): set TMPDIR to an existing directory in which this user may create files`;
  expect(() => makePrivateDirectory({})).toThrow(new SeccompError('ERR_SECCOMP_OPTION', message));
});

/** Runs code in a process that has the addon and a directory. */
function inProcess(code: string): string {
  const script = `
    const addon = require(${JSON.stringify(join(packageRoot, 'build/Release/seccomp.node'))});
    const { path, handle } = addon.makePrivateDirectory(${JSON.stringify(folder)});
    require('node:fs').mkdirSync(path + '/a/b/c', { recursive: true });
    ${code}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  return `${stdout}${stderr}`;
}

test('keeps the process alive until it is removed', () => {
  const print = 'console.log(errno, require("node:fs").existsSync(path))';
  expect(inProcess(`addon.removePrivateDirectory(handle, (errno) => ${print});`)).toBe('0 false\n');
});

/** Makes so many directories that their removal takes longer than the exit of a process. */
const FILL =
  "for (let i = 0; i < 500; i++) require('node:fs').mkdirSync(path + '/' + i + '/a/b', { recursive: true });";

test('is removed even if the process exits meanwhile', () => {
  const code = `${FILL} console.log(path); addon.removePrivateDirectory(handle, () => {}); process.exit();`;
  const path = inProcess(code).trim();
  expect([path.startsWith(folder), existsSync(path)]).toEqual([true, false]);
});

test('is removed even if its worker is terminated, and the process exits then', () => {
  const code = `
    const { Worker } = require('node:worker_threads');
    const start = \`
      const { parentPort, workerData } = require('node:worker_threads');
      const { path, handle } = require(workerData.addon).makePrivateDirectory(workerData.folder);
      ${FILL}
      require(workerData.addon).removePrivateDirectory(handle, () => {});
      parentPort.postMessage(path);
      setInterval(() => {}, 1000);\`;
    const workerData = { addon: ${JSON.stringify(join(packageRoot, 'build/Release/seccomp.node'))}, folder: path + '/..' };
    const worker = new Worker(start, { eval: true, workerData });
    worker.once('message', async (made) => { console.log(made); await worker.terminate(); process.exit(); });`;
  const path = inProcess(code).trim();
  expect([path.startsWith(folder), existsSync(path)]).toEqual([true, false]);
});

test('reports an exception of the callback as uncaught', () => {
  const script = `process.on('uncaughtException', ({ message }) => console.log(message));
    addon.removePrivateDirectory(handle, () => { throw new Error('of the callback'); });`;
  expect(inProcess(script)).toBe('of the callback\n');
});

/** What a descriptor of this process is open on. */
function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined; // The descriptor of the directory that was read.
  }
}

test('is removed although its worker is terminated meanwhile, and then leaves no descriptor', async () => {
  const parent = mkdtempSync(join(folder, 'parent-'));
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const addon = require(workerData.addon);
    const { mkdirSync } = require('node:fs');
    const [removed, kept] = [0, 1].map(() => addon.makePrivateDirectory(workerData.folder));
    for (let i = 0; i < 500; i++) mkdirSync(removed.path + '/' + i + '/a/b', { recursive: true });
    addon.removePrivateDirectory(removed.handle, () => {});
    parentPort.postMessage([removed.path, kept.path]);
    setInterval(() => {}, 1000);`;
  const data = { addon: join(packageRoot, 'build/Release/seccomp.node'), folder: parent };
  const worker = new Worker(code, { eval: true, workerData: data });
  const [paths] = await once(worker, 'message');
  await worker.terminate();
  const [removedPath, keptPath] = paths as [string, string];
  await until(() => !existsSync(removedPath) && !readdirSync('/proc/self/fd').some((fd) => linkOf(fd) === parent));
  expect(existsSync(keptPath)).toBe(true);
});

test('a descendant that still runs, and replaces directories by links, leads no removal outside', async () => {
  const outside = mkdtempSync(join(folder, 'outside-'));
  for (let i = 0; i < 10; i++) writeFileSync(join(outside, String(i)), '');
  for (let round = 0; round < 20; round++) {
    const directory = makePrivateDirectory({});
    const script = `cd "$1" && echo; while :; do mkdir -p d/e; ln -s "$2" l; mv -T d x; mv -T l d; mv -T d l; mv -T x d; done 2>/dev/null`;
    const child = spawn('sh', ['-c', script, 'sh', directory.path, outside]);
    await once(child.stdout, 'data');
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await removed(directory);
    child.kill('SIGKILL');
    await once(child, 'close');
    directory.removeSync();
    warn.mockRestore();
    // The script makes other files through its links.
    expect(readdirSync(outside).filter((name) => /^\d$/.test(name))).toHaveLength(10);
    expect(existsSync(directory.path)).toBe(false);
  }
});

test.each([[[]], [[1]], [['/tmp', -(2 ** 31) - 1]], [['/tmp', 0, 'x']], [['/tmp\0']]])(
  'the addon refuses to make one for %j',
  (args) => {
    expect(() => Reflect.apply(addon().makePrivateDirectory, undefined, args)).toThrow(TypeError);
  },
);

test.each([
  ['no handle', () => []],
  [
    'another handle',
    () => [
      addon().supervision({
        answers: Uint8Array.of(6, 0, 0, 0, 1, 0, 5, 0),
        countsAll: false,
        passesAll: false,
        distinguishing: new Uint32Array(),
        captures: new Uint32Array(),
        paths: new Uint32Array(),
      }),
    ],
  ],
  ['a callback that is none', () => [addon().makePrivateDirectory(folder), 1]],
] as const)('the addon removes nothing for %s', (_, args) => {
  expect(() => Reflect.apply(addon().removePrivateDirectory, undefined, args())).toThrow(TypeError);
});
