/** Rulesets of `paths` while several threads start programs at once: each program gets the files of its own start. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from 'vitest';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { dist } from '../support/built.js';
import { describeUnless } from '../support/describe-unless.js';

const home = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-path-workers-')));
afterAll(() => rmSync(home, { recursive: true }));

const WORKERS = 4;
/** More files than rulesets are kept, so that rulesets are let go of while others start. */
const FILES = 40;
const AT_ONCE = 8;

/** Starts a program for each file, which may read that file only, a few at once. Twice, so that rulesets are used again. */
const CODE = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { promisify } = require('node:util');
  const { Sandbox } = require(workerData.dist);
  const sandbox = new Sandbox('docker-default', { cwd: workerData.folder, env: ['PATH'] });
  const execFile = promisify(sandbox.execFile);
  async function start(i) {
    const paths = { read: ['@system', 'f' + i] };
    const other = 'f' + ((i + 1) % workerData.files);
    const { stdout, stderr } = await execFile('sh', ['-c', 'cat f' + i + '; cat ' + other + ' || :'], { paths });
    return stdout + ' ' + stderr;
  }
  (async () => {
    const results = [];
    for (let i = 0; i < 2 * workerData.files; i += workerData.atOnce) {
      const some = Array.from({ length: workerData.atOnce }, (_, j) => start((i + j) % workerData.files));
      results.push(...await Promise.all(some));
    }
    parentPort.postMessage(results);
  })();`;

async function startAll(worker: number): Promise<readonly string[]> {
  const folder = join(home, String(worker));
  mkdirSync(folder);
  for (let i = 0; i < FILES; i++) writeFileSync(join(folder, `f${i}`), `${worker}-${i}`);
  const workerData = { dist: fileURLToPath(dist), folder, files: FILES, atOnce: AT_ONCE };
  const thread = new Worker(CODE, { eval: true, workerData });
  return new Promise((resolve, reject) => {
    thread.on('message', resolve).on('error', reject);
  });
}

describeUnless(pathsSupport().reason ?? undefined, 'programs that four threads start', () => {
  test('may each read the file of their own start only', async () => {
    const results = await Promise.all(Array.from({ length: WORKERS }, (_, worker) => startAll(worker)));
    const expected = results.map((_, worker) =>
      Array.from({ length: 2 * FILES }, (_, i) => {
        const file = i % FILES;
        return `${worker}-${file} cat: f${(file + 1) % FILES}: Permission denied\n`;
      }),
    );
    expect(results).toEqual(expected);
  });
});
