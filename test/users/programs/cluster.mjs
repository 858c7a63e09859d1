/** The rest of a program whose first lines deny io_uring_setup: a cluster that asks its own server, and ends. */
import cluster from 'node:cluster';
import { createServer } from 'node:http';

if (cluster.isPrimary) {
  cluster.setupPrimary({ execArgv: ['--require', 'seccomp/register'] });
  for (let i = 0; i < 2; i++) cluster.fork({ SECCOMP_PROFILE: 'docker-default' });
  const ports = [];
  cluster.on('listening', async (_, { port }) => {
    if (ports.push(port) < 2) return;
    console.log(await (await fetch(`http://127.0.0.1:${port}`)).text());
    cluster.disconnect();
  });
} else {
  createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
}
