/**
 * listening.mjs KIND,… PROFILE [OPTIONS]: hardens itself while it has a socket of each of these kinds, one after the
 * other, and prints the results as JSON, by kind.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { harden } from 'seccomp';

const [kinds, profile, options = '{}'] = process.argv.slice(2);
const path = join(tmpdir(), `seccomp-listening-${process.pid}`);
const places = {
  'an IPv4 socket': { port: 0, host: '127.0.0.1' },
  'an IPv6 socket': { port: 0, host: '::1' },
  'a Unix socket': { path },
  'an abstract Unix socket': { path: `\0${path}` },
};

async function hardenWith(kind) {
  const server = createServer((socket) => socket.end('served'));
  const close = () => new Promise((resolve) => server.close(resolve));
  try {
    if (kind !== 'no socket') await once(server.listen(places[kind] ?? places['an IPv4 socket']), 'listening');
    const address = server.address();
    if (kind === 'a socket that was closed') await close();
    if (kind === 'a connection') {
      const client = connect(address);
      await once(server, 'connection');
      client.resume();
      server.close();
    }
    harden(profile, JSON.parse(options));
    return kind.startsWith('an ') ? await once(connect(address), 'data').then(String) : 'hardened';
  } catch ({ code, message }) {
    return `${code} ${message}`;
  } finally {
    await close();
  }
}

const results = {};
for (const kind of kinds.split(',')) results[kind] = await hardenWith(kind);
console.log(JSON.stringify(results));
process.exit();
