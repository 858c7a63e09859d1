// node:cluster: the primary listens, and passes connections on to a worker.
import assert from 'node:assert/strict';
import cluster from 'node:cluster';
import { once } from 'node:events';
import http from 'node:http';
import { fileURLToPath } from 'node:url';

if (cluster.isPrimary) {
  for (const policy of [cluster.SCHED_RR, cluster.SCHED_NONE]) {
    cluster.schedulingPolicy = policy;
    cluster.setupPrimary({ exec: fileURLToPath(import.meta.url), args: [] });
    const listening = once(cluster, 'listening');
    const worker = cluster.fork();
    const failed = once(worker, 'message').then(([error]) => Promise.reject(error));
    const [, { port }] = await Promise.race([listening, failed]);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    assert.equal(await answer.text(), String(worker.process.pid));
    worker.kill();
    await once(worker, 'exit');
  }
} else {
  const server = http.createServer((_, response) => response.end(String(process.pid)));
  server.on('error', ({ code }) => process.send({ code }));
  server.listen(0, '127.0.0.1');
}
