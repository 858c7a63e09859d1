/** A worker that is terminated inside a call of the addon. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { compileC } from './compile-c.js';
import { packageRoot } from './root.js';
import { temporaryFolder } from './temporary-folder.js';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Milliseconds after which the process is considered to hang. */
const HUNG_MS = 280_000;

/** The reason why this can't be tested here; undefined if it can. */
export const terminatedObstacle = (): string | undefined =>
  spawnSync('patchelf', ['--version']).status === 0 ? undefined : 'patchelf is not installed';

/** Ends a worker inside each call of Node-API that these functions of terminated.mjs make, and expects that nothing of it is left. */
export function expectNothingLeft(things: readonly string[]): void {
  const copy = temporaryFolder('seccomp-terminated-');
  for (const part of ['dist', 'package.json']) cpSync(join(packageRoot, part), join(copy, part), { recursive: true });
  mkdirSync(join(copy, 'build/Release'), { recursive: true });
  cpSync(join(packageRoot, 'build/Release/seccomp-launch'), join(copy, 'build/Release/seccomp-launch'));
  const names = readFileSync(here('failing-napi.c'), 'utf8').matchAll(/^FAILING\((\w+)\)/gm);
  const map = join(copy, 'map');
  writeFileSync(map, Array.from(names, ([, name]) => `${name} ending_${name}\n`).join(''));
  const failing = compileC('failing-napi.c', ['-shared', '-fPIC']);
  const addon = 'build/Release/seccomp.node';
  const changes = ['--rename-dynamic-symbols', map, '--add-needed', failing];
  execFileSync('patchelf', [...changes, '--output', join(copy, addon), join(packageRoot, addon)]);

  // A process that waits for something that never happens is killed. Then it has no output.
  const options = { encoding: 'utf8', timeout: HUNG_MS, killSignal: 'SIGKILL' } as const;
  const script = here('../reliability/terminated.mjs');
  const { stdout, stderr } = spawnSync(process.execPath, [script, copy, ...things], options);
  const last = stderr.trimEnd().split('\n').slice(-30).join('\n');
  const found = JSON.parse(stdout || `{ "ended": ${JSON.stringify(last)} }`);
  const nothingLeft = { calls: expect.toSatisfy((calls: number) => calls > 0), descriptors: 0, children: 0 };
  expect(found).toEqual(Object.fromEntries(things.map((thing) => [thing, nothingLeft])));
}
