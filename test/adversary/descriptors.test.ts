/**
 * A child that passes descriptors to its parent, over the sockets of its stdio. Whoever reads or closes such a socket closes what
 * was passed over it, which takes as long as the child wants: here an hour.
 */
import { once } from 'node:events';
import { chmodSync, copyFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { run } from '../../lib/sandbox/run.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { compileC } from '../support/compile-c.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder('seccomp-descriptors-');
chmodSync(folder, 0o755);
const program = join(folder, 'descriptors');
copyFileSync(compileC('../adversary/descriptors.c', ['-static']), program);
chmodSync(program, 0o755);

/** A server that reads nothing, so that what is sent to it stays unsent. */
async function deafServer() {
  const connections: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => connections.push(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  return {
    port,
    close: () => {
      for (const each of connections) each.resetAndDestroy();
      server.close();
    },
  };
}

const users: readonly (readonly [who: string, options: object])[] = [
  ['this user', {}],
  ['another user', { uid: 65534, gid: 65534, cwd: '/' }],
];

describe.each(users)('a child of %s', (_, options) => {
  const needsRoot = 'uid' in options && process.getuid?.() !== 0;

  test.for(['0', '1', '2', '3'])('passes nothing over descriptor %s that takes long to close', async (fd, { skip }) => {
    skip(needsRoot, 'needs root');
    const server = await deafServer();
    const child = spawn(program, ['linger', fd, server.port], 'docker-default', {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      ...options,
    });
    for (const stream of child.stdio.slice(1)) if (stream instanceof Readable) stream.resume();
    expect(await once(child, 'exit')).toEqual([0, null]);
    const { stdout } = await run('echo', ['the loop goes on'], 'docker-default');
    expect(stdout).toBe('the loop goes on\n');
    server.close();
  });

  test.for(['0', '1', '2'])(
    'does not keep spawnSync waiting by passing its own output over descriptor %s',
    (fd, { skip }) => {
      skip(needsRoot, 'needs root');
      const { status, limit } = spawnSync(program, ['own', fd, ''], 'docker-default', { timeout: 60_000, ...options });
      expect([status, limit]).toEqual([0, null]);
    },
  );
});
