// A Unix socket's server and client: streams, half-closing, options.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const path = join(tmpdir(), `seccomp-net-${process.pid}`);
for (const where of [{ path }, { port: 0, host: '127.0.0.1' }, { port: 0, host: '::1' }]) {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(where);
  const failed = once(server, 'error').catch(() => {});
  const [error] = (await Promise.race([once(server, 'listening').catch((error) => [error]), failed])) ?? [];
  if (error?.code === 'EADDRNOTAVAIL' || error?.code === 'EAFNOSUPPORT') continue; // a machine without IPv6
  if (error) throw error;
  const client = net.connect(where.path ? where : { ...where, port: server.address().port });
  client.on('connect', () => where.path || client.setNoDelay().setKeepAlive(true, 1000));
  client.end('text');
  assert.equal(await text(client), 'text');
  server.close();
}
