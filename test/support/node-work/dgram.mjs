// node:dgram: datagrams, buffers, groups of receivers.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const socket = createSocket({ type: 'udp4', reuseAddr: true });
socket.bind(0, '127.0.0.1');
await once(socket, 'listening');
socket.setTTL(1);
socket.setBroadcast(true);
socket.setRecvBufferSize(4096);
socket.send('text', socket.address().port, '127.0.0.1');
const [message] = await once(socket, 'message');
assert.equal(String(message), 'text');
socket.close();
