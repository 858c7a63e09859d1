// A server and its clients: node:http with a kept-alive agent, fetch, node:http2 and a socket that is upgraded.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { text } from 'node:stream/consumers';

const server = http.createServer((request, response) => request.pipe(response));
const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
server.on('upgrade', (_, socket) => socket.end(switched));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();

const agent = new http.Agent({ keepAlive: true });
for (const body of ['first', 'second']) {
  const request = http.request({ port, host: '127.0.0.1', method: 'POST', agent });
  request.end(body);
  const [response] = await once(request, 'response');
  assert.equal(await text(response), body);
}
agent.destroy();

const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'third' });
assert.equal(await answer.text(), 'third');

const upgrade = http.request({ port, host: '127.0.0.1', headers: { Connection: 'Upgrade', Upgrade: 'echo' } });
upgrade.end();
const [, socket] = await once(upgrade, 'upgrade');
socket.destroy();
server.closeAllConnections();
server.close();

const server2 = http2.createServer((request, response) => response.end(request.url));
server2.listen(0, '127.0.0.1');
await once(server2, 'listening');
const client = http2.connect(`http://127.0.0.1:${server2.address().port}`);
assert.equal(await text(client.request({ ':path': '/path' })), '/path');
client.close();
server2.close();
