/** Starts test/support/first-call.c, which makes a marker file if it runs without its filter. */
import { chmodSync, copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect } from 'vitest';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { dist } from './built.js';
import { compileC } from './compile-c.js';
import { finish, type Run } from './processes.js';
import { temporaryFolder } from './temporary-folder.js';

// Other users execute the program too.
export const directory = temporaryFolder('seccomp-');
chmodSync(directory, 0o1777);
export const program = join(directory, 'first-call');
/** The file that a child makes if it runs without its filter. */
export const marker = join(directory, 'bare');
const flags = ['-static', '-nostdlib', '-ffreestanding', '-fno-pic', '-no-pie', '-fno-stack-protector'];
copyFileSync(compileC('first-call.c', flags), program);

/** The profile by which the program recognizes its filter. */
export const profile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['getppid'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
} as const;

/** Fails each test of a file in which a child ran without its filter. */
export function failWithoutFilter(): void {
  afterEach(() => expect(existsSync(marker), 'a child ran without its filter').toBe(false));
}

/** Milliseconds after which a script is considered to hang. The tests of test/extended have as long. */
const HUNG_MS = 1_200_000;

/** Runs a script of test/reliability/ and returns what it prints. */
export function resultOf(name: string, settings: object, limits: Readonly<Record<string, number>> = {}): unknown {
  const script = fileURLToPath(new URL(`../reliability/${name}`, import.meta.url));
  const args = ['--expose-gc', script, JSON.stringify({ dist, program, marker, ...settings })];
  // prlimit(1) sets the limits: the script becomes another user, and spawn refuses to limit the processes of root.
  const limiting = Object.entries(limits).map(([resource, value]) => `--${resource}=${value}`);
  const command = limiting.length === 0 ? [process.execPath] : ['prlimit', ...limiting, process.execPath];
  const [file = '', ...before] = command;
  // A script that waits for something that never happens is killed. It has no result then.
  const options = { encoding: 'utf8', timeout: HUNG_MS, killSignal: 'SIGKILL' } as const;
  const { stdout, stderr, error } = spawnSync(file, [...before, ...args], 'unconfined', options);
  if (stdout === '') throw new Error(`${name} has no result: ${error?.message ?? ''} ${stderr ?? ''}`);
  return JSON.parse(stdout ?? '');
}

/**
 * Starts a process that starts programs without pause, kills it once `ends` of them have ended, and waits for the last
 * of its children.
 */
export async function killStarter(ends: number): Promise<Run> {
  const args = [program, [marker, 'e'], JSON.stringify(profile), { stdio: 'inherit' }];
  const script = `import { spawn } from ${JSON.stringify(dist)};
    const start = () => spawn(...${JSON.stringify(args)}).on('exit', () => {
      console.log('ended');
      start();
    });
    for (let i = 0; i < 8; i++) start();
    console.log('started');`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script], 'unconfined', {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // The children inherit the pipe, so it ends when the last of them has ended.
  const finished = finish(starter);
  let lines = 0;
  for await (const _ of createInterface(starter.stdout)) if (++lines === 1 + ends) starter.kill('SIGKILL');
  return finished;
}
