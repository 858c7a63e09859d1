// node:inspector, in the process and over a socket.
import assert from 'node:assert/strict';
import inspector from 'node:inspector';
import { Session } from 'node:inspector/promises';

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.start');
const { result } = await session.post('Runtime.evaluate', { expression: '6 * 7' });
assert.equal(result.value, 42);
assert.ok((await session.post('Profiler.stop')).profile.nodes.length > 0);
session.disconnect();
inspector.open(0, '127.0.0.1');
const url = inspector.url();
inspector.close();
if (url === undefined) throw Object.assign(new Error('the inspector does not listen'), { code: 'closed' });
