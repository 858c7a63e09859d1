/**
 * A worker may be terminated inside any call of the addon: the process continues, and nothing of the worker is left.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { compileC } from '../support/compile-c.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'seccomp-'));
afterAll(() => rmSync(copy, { recursive: true }));

/** The functions that terminated.mjs repeats. */
const THINGS = ['spawn', 'limits', 'notify', 'observe', 'spawnSync', 'probe', 'harden', 'listen'];

/** Milliseconds after which the process is considered to hang. */
const HUNG_MS = 280_000;

test('a worker may be terminated at any call of Node-API, after which all calls fail', ({ skip }) => {
  if (spawnSync('patchelf', ['--version']).status !== 0) skip('patchelf is not installed');
  for (const part of ['dist', 'package.json']) cpSync(join(root, part), join(copy, part), { recursive: true });
  mkdirSync(join(copy, 'build/Release'), { recursive: true });
  const names = readFileSync(here('../support/failing-napi.c'), 'utf8').matchAll(/^FAILING\((\w+)\)/gm);
  const map = join(copy, 'map');
  writeFileSync(map, Array.from(names, ([, name]) => `${name} ending_${name}\n`).join(''));
  const failing = compileC('failing-napi.c', ['-shared', '-fPIC']);
  const addon = 'build/Release/seccomp.node';
  const changes = ['--rename-dynamic-symbols', map, '--add-needed', failing];
  execFileSync('patchelf', [...changes, '--output', join(copy, addon), join(root, addon)]);

  // A process that waits for something that never happens is killed. Then it has no output.
  const options = { encoding: 'utf8', timeout: HUNG_MS, killSignal: 'SIGKILL' } as const;
  const { stdout, stderr } = spawnSync(process.execPath, [here('terminated.mjs'), copy], options);
  const last = stderr.trimEnd().split('\n').slice(-30).join('\n');
  const found = JSON.parse(stdout || `{ "ended": ${JSON.stringify(last)} }`);
  const nothingLeft = { calls: expect.toSatisfy((calls: number) => calls > 0), descriptors: 0, children: 0 };
  expect(found).toEqual(Object.fromEntries(THINGS.map((thing) => [thing, nothingLeft])));
}, 300_000);
