// An HTTP service that converts pictures with ImageMagick: each upload in a process of its own, which can neither start
// programs nor use the network, and opens no files but the system's. Denied calls are log lines in JSON, and counted in /metrics.
//
// node examples/converter.mjs 8080
// curl --data-binary @in.png -H 'Content-Type: image/png' 'http://127.0.0.1:8080/?to=webp' > out.webp
import { createServer } from 'node:http';
import { extend, RunError, run } from 'seccomp';

const MiB = 1024 * 1024;
const MOST_AT_ONCE = 32;
const profile = extend('docker-default').deny('execve', 'execveat', 'socket');
const user = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};

/** ImageMagick's names of the formats. Without a name, it would choose a reader by the content of the upload. */
const readers = { 'image/png': 'png', 'image/jpeg': 'jpeg', 'image/svg+xml': 'svg' };
const writers = ['png', 'webp'];

const counts = { conversions: 0, failures: 0, running: 0 };
const denials = new Map();
const log = (entry) => console.log(JSON.stringify({ time: new Date().toISOString(), ...entry }));

/** Runs ImageMagick to its end, and returns its result or the error, both of which have `violations`. */
function convert(picture, from, to, signal) {
  return run('magick', [`${from}:-`, '-thumbnail', '1000x1000>', `${to}:-`], profile, {
    ...user,
    signal,
    input: picture,
    encoding: 'buffer',
    cwd: '/',
    paths: { read: ['@system', '@tmp'] },
    env: { PATH: '/usr/bin:/bin', HOME: '/' },
    timeout: 10_000,
    forceKillAfter: 1000,
    maxBuffer: 20 * MiB,
    limits: { memory: '1G', processes: 64, exact: 'preferred' }, // Without a cgroup, Linux 6.12.
    rlimits: { cpu: { soft: 10, hard: 11 }, data: 512 * MiB, fsize: 50 * MiB, nofile: 64, core: 0 },
    onViolation: true,
  }).catch((error) => (error instanceof RunError ? error : Promise.reject(error)));
}

/** Logs and counts what a conversion was denied, except for calls that programs do without. */
function report({ violations }) {
  for (const { syscall, decoded, executable, why, count, fallback } of violations) {
    if (fallback) continue;
    log({ level: 'warn', event: 'denied', syscall, arguments: decoded, executable, why, count });
    denials.set(syscall, (denials.get(syscall) ?? 0) + count);
  }
}

/** The body of a request; undefined if it is too large. */
async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > 10 * MiB) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  if (pathname === '/metrics') return response.end(metrics());
  const from = Object.hasOwn(readers, request.headers['content-type']) && readers[request.headers['content-type']];
  const to = writers.find((name) => name === searchParams.get('to'));
  if (request.method !== 'POST' || !from || !to) return response.writeHead(400).end('unknown format\n');
  const picture = await read(request);
  if (picture === undefined) return response.writeHead(413, { connection: 'close' }).end('too large\n');
  if (counts.running >= MOST_AT_ONCE) return response.writeHead(503).end('busy\n');

  const left = new AbortController();
  response.on('close', () => left.abort());
  counts.running++;
  const result = await convert(picture, from, to, left.signal).finally(() => counts.running--);
  report(result);
  if (result instanceof RunError) {
    counts.failures++;
    const { limit, message } = result;
    log({ level: 'error', event: 'failed', limit, message });
    const status = limit === null ? 422 : limit === 'time' ? 504 : 413;
    return response.writeHead(status).end(`the picture cannot be converted${limit === null ? '' : ` (${limit})`}\n`);
  }
  counts.conversions++;
  response.writeHead(200, { 'content-type': `image/${to}` }).end(result.stdout);
}

function metrics() {
  const lines = [`conversions_total ${counts.conversions}`, `conversion_failures_total ${counts.failures}`];
  for (const [syscall, count] of denials) lines.push(`denied_calls_total{syscall="${syscall}"} ${count}`);
  return `${lines.join('\n')}\n`;
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    log({ level: 'error', event: 'error', message: String(error) });
    if (response.headersSent) response.destroy();
    else response.writeHead(500).end();
  });
});
server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => log({ event: 'listening', ...server.address() }));
