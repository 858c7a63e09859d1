/**
 * Streams between this process and children, some of which try to pass descriptors over them; prints what came of it. Its input is
 * `{ home, program, options }`: the URL of the package, the path of the program that descriptors.c makes, and options of spawn.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const { home, program, options } = JSON.parse(readFileSync(0, 'utf8'));
const { run, spawn, spawnSync } = await import(home);
const PROFILE = 'docker-default';
const PIPES = ['pipe', 'pipe', 'pipe', 'pipe'];

const connections = [];
const deaf = createServer({ pauseOnConnect: true }, (socket) => connections.push(socket));
await once(deaf.listen(0, '127.0.0.1'), 'listening');
const port = String(deaf.address().port);

const text = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** How a child ends that passes a connection whose last close takes an hour, and whether this process goes on then. */
async function passing(fd) {
  const child = spawn(program, ['linger', fd, port], PROFILE, { ...options, stdio: PIPES });
  for (const stream of child.stdio.slice(1)) stream.resume();
  const [code] = await once(child, 'exit');
  return code === 0 && (await run('echo', ['on'], PROFILE)).stdout === 'on\n';
}

const passed = [];
for (const fd of ['0', '1', '2', '3']) passed.push(await passing(fd));

/** How spawnSync ends for a child that passes its stdout. */
const own = ['0', '1', '2'].map((fd) => {
  const { status, limit } = spawnSync(program, ['own', fd, ''], PROFILE, { ...options, timeout: 60_000 });
  return { status, limit };
});

/** How many bytes are read of programs that write 200,000 of them and exit, when this process has not read for some time. */
async function late() {
  const script = "process.stdout.write('x'.repeat(200_000))";
  const children = Array.from({ length: 32 }, () => spawn(process.execPath, ['-e', script], PROFILE));
  const texts = children.map(({ stdout }) => text(stdout));
  spawnSync('sleep', ['10'], PROFILE);
  return [...new Set((await Promise.all(texts)).map(({ length }) => length))];
}

/** Bytes that a program gives back, there and back. */
const echo = async () => {
  const child = spawn('cat', [], PROFILE);
  const bytes = Buffer.alloc(1_000_000, 'some text, ');
  child.stdin.end(bytes);
  return (await text(child.stdout)).equals(bytes);
};

/** Whether an aborted run settles although a descendant holds its output. */
async function aborted() {
  const controller = new AbortController();
  const running = run('sh', ['-c', 'sleep 1000 & echo; sleep 1000'], PROFILE, {
    signal: controller.signal,
    descendants: 'leave',
    timeout: 120_000,
  }).catch(({ name, cause }) => cause?.name ?? name);
  setImmediate(() => controller.abort());
  return running;
}

const result = { passed, own, late: await late(), echo: await echo(), aborted: await aborted() };
console.log(JSON.stringify(result));
for (const socket of connections) socket.resetAndDestroy();
process.exit();
