// node:child_process: every way to start a program, with descriptors and signals; a shell and its tools.
import assert from 'node:assert/strict';
import { execFile, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
await once(child, 'spawn');
child.stdin.end('text');
assert.equal(await text(child.stdout), 'text');
assert.equal((await promisify(execFile)(process.execPath, ['-p', '6 * 7'])).stdout, '42\n');
const pipes = 'folder=$(mktemp -d) && seq 3 | sort -r | tail -n 1 > $folder/out && cat $folder/out && rm -r $folder';
assert.equal(String(spawnSync('sh', ['-c', pipes]).stdout), '1\n');
const sleeper = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
process.kill(-sleeper.pid, 'SIGTERM');
assert.deepEqual(await once(sleeper, 'exit'), [null, 'SIGTERM']);
const echo = fork(fileURLToPath(new URL('echo.mjs', import.meta.url)));
echo.send({ a: 1 });
assert.deepEqual((await once(echo, 'message'))[0], { a: 1 });
echo.disconnect();
await once(echo, 'exit');
