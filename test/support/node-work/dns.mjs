// Both ways of node:dns: the C library's in the thread pool, and queries to a server of our own.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import dns from 'node:dns/promises';
import { once } from 'node:events';

const { address } = await dns.lookup('localhost', { hints: 0x20 }); // AI_ADDRCONFIG: reads the interfaces
assert.match(address, /^(127\.0\.0\.1|::1)$/);

const server = createSocket('udp4');
server.on('message', (query, { port }) => {
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const answer = Buffer.from('c00c00010001000000010004c0000201', 'hex'); // The name has the address 192.0.2.1.
  const head = Buffer.from([query[0], query[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  server.send(Buffer.concat([head, question, answer]), port, '127.0.0.1');
});
server.bind(0, '127.0.0.1');
await once(server, 'listening');
const resolver = new dns.Resolver({ timeout: 100_000, tries: 1 });
resolver.setServers([`127.0.0.1:${server.address().port}`]);
assert.deepEqual(await resolver.resolve4('example.test'), ['192.0.2.1']);
server.close();
