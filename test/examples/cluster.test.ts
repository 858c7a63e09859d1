/** examples/cluster.mjs: the workers serve, start no programs and open no connection. */
import { availableParallelism } from 'node:os';
import { afterAll, expect, test } from 'vitest';
import { main } from '../support/built.js';
import { noLibraries } from '../support/libraries.js';
import { statusOf } from '../support/processes.js';
import { makeProject, startServer } from '../support/project.js';

const project = makeProject(['examples/cluster.mjs'], noLibraries === undefined ? ['fastify'] : []);
afterAll(project.remove);

const COMMAND = [process.execPath, main, 'run', '-p', 'node', '--', process.execPath, 'examples/cluster.mjs'];

/** The line of a worker: its number, and the port. */
const LINE = /^process (\d+) listens on (\d+)$/;

test('serves clients in workers that start no programs and open no connection, replaces one that was killed, and ends on SIGTERM', async ({
  skip,
}) => {
  if (noLibraries !== undefined) skip(noLibraries);
  const server = startServer(project, COMMAND, { PORT: '0' });
  try {
    const lines: string[] = [];
    while (lines.length < availableParallelism()) lines.push(await server.nextLine()); // A worker that starts can't end in order.
    const [, pid = '', port = ''] = LINE.exec(lines[0] ?? '') ?? [];
    const answer = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(JSON.parse(await answer('/'))).toEqual({ pid: expect.any(Number) });
    expect(await answer('/run')).toBe('EACCES');
    expect(await answer('/fetch')).toBe('EPERM');
    const [primary, worker] = [server.child.pid ?? 0, Number(pid)].map((process) =>
      Number(statusOf(process).get('Seccomp_filters')),
    );
    expect(worker, 'the primary’s filter, node-no-exec and node-no-network').toBe((primary ?? 0) + 2);
    process.kill(Number(pid), 'SIGKILL');
    lines.push(await server.nextLine());
    expect(new Set(lines.map((line) => LINE.exec(line)?.[1])).size).toBe(availableParallelism() + 1);
  } finally {
    expect(await server.end()).toBe(0);
  }
  expect(server.stderr()).toBe('');
});
