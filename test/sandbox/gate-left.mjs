/**
 * Makes starts that draw gate values, most of which fail, and calls kill(itself, 0) after each, for
 * test/support/gate-left.c: `node gate-left.mjs DIST ADDON DIRECTORY`
 */

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [dist, addon, directory] = process.argv.slice(2);
const { spawn, spawnSync, execve } = await import(dist);
const native = createRequire(import.meta.url)(addon);
const profile = JSON.stringify({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['execve', 'exit_group', 'exit'], action: 'SCMP_ACT_ERRNO' }],
});
const formatless = join(directory, 'formatless');
writeFileSync(formatless, 'exit 0', { mode: 0o755 });

/**
 * Two filters of which the first has a gate: six jeq, each for a half of the value, and whatever they find, `ret
 * ALLOW`.
 */
const jeq = [0x15, 0, 0, 0, 0, 0, 0, 0];
const allow = [0x06, 0, 0, 0, 0, 0, 0xff, 0x7f];
const gated = new Uint8Array([...[0, 1, 2, 3, 4, 5].flatMap(() => jeq), ...allow]);
const filters = [
  { bytes: gated, gate: [0, 1, 2, 3, 4, 5].flatMap((half) => [half, half]) },
  { bytes: new Uint8Array(allow), gate: [] },
];

const starts = {
  'spawn, ENOENT': () => once(spawn('/nowhere', [], profile), 'close').catch(() => {}),
  'spawn, EACCES': () => once(spawn('/etc/passwd', [], profile), 'close').catch(() => {}),
  'spawn, ENOEXEC': () => once(spawn(formatless, [], profile), 'close'),
  'spawnSync, ENOENT': () => spawnSync('/nowhere', [], profile),
  'execve, ENOENT': () => execve('/nowhere', [], profile),
  'filters on this process': () =>
    native.install({ noNewPrivileges: true, unconfined: false, filters, filterFlags: 0 }),
};
for (const [name, start] of Object.entries(starts)) {
  process.stdout.write(`${name}: `);
  try {
    await start();
  } catch {}
  process.kill(process.pid, 0);
}
