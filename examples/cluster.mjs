// A Fastify server in a cluster. Its workers can neither start programs nor open a connection: the primary accepts the
// clients, and passes them on. Start it with: npx seccomp run -p node -- node cluster.mjs
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { fastify } from 'fastify';
import { harden } from 'seccomp';

if (cluster.isPrimary) {
  cluster.setupPrimary({ execArgv: ['--require', 'seccomp/register'] });
  const start = () => cluster.fork({ SECCOMP_PROFILE: 'node-no-exec' });
  for (let i = 0; i < availableParallelism(); i++) start();
  cluster.on('exit', (worker, code) => {
    if (code === 125) process.exit(125); // The profile could not be attached. The worker has written why.
    if (!worker.exitedAfterDisconnect) start();
  });
  process.on('SIGTERM', () => cluster.disconnect());
} else {
  const server = fastify();
  server.get('/', () => ({ pid: process.pid }));
  server.get('/run', async () => (await import('node:child_process')).spawnSync('true').error?.code ?? 'started');
  server.get('/fetch', () => fetch('http://127.0.0.1').catch(({ cause }) => cause.code));
  await server.listen({ port: Number(process.env.PORT ?? 8080), host: '127.0.0.1' });
  harden('node-no-network'); // From here on, no new sockets: connect to databases before.
  console.log(`process ${process.pid} listens on ${server.server.address().port}`);
}
