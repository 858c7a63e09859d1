// listening.mjs KIND PROFILE [OPTIONS]: hardens itself while it has a socket of some kind, and prints the result.
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { harden } from 'seccomp';

const [kind, profile, options = '{}'] = process.argv.slice(2);
const path = join(tmpdir(), `seccomp-listening-${process.pid}`);
const places = {
  'an IPv4 socket': { port: 0, host: '127.0.0.1' },
  'an IPv6 socket': { port: 0, host: '::1' },
  'a Unix socket': { path },
  'an abstract Unix socket': { path: `\0${path}` },
};

const server = createServer((socket) => socket.end('served'));
if (kind !== 'no socket') await once(server.listen(places[kind] ?? places['an IPv4 socket']), 'listening');
const address = server.address();
if (kind === 'a socket that was closed') await new Promise((resolve) => server.close(resolve));
if (kind === 'a connection') {
  connect(address);
  await once(server, 'connection');
  server.close();
}
rmSync(path, { force: true });

try {
  harden(profile, JSON.parse(options));
  console.log(kind.startsWith('an ') ? await once(connect(address), 'data').then(String) : 'hardened');
} catch ({ code, message }) {
  console.log(code, message);
}
process.exit();
