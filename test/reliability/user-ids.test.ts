/**
 * A process that changes its IDs after it has started children, as servers do that give up root. libc makes each thread of the
 * process change them, and waits for each.
 */
import { readFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { script } from '../support/scripts.js';

/** Some Nodes change no IDs: that of Debian 13 takes its libuv for one that could use io_uring, CVE-2024-22017. */
const obstacle = script('process.setegid(process.getegid())').stderr.match(/setegid\(\) disabled: .*/)?.[0];
beforeEach(({ skip }) => skip(obstacle !== undefined, obstacle));

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
/** Whether this process may answer calls of another user’s program: with CAP_SYS_PTRACE. */
const servesOthers = isRoot && /^CapEff:\t[0-9a-f]{11}[89a-f]/m.test(readFileSync('/proc/self/status', 'utf8'));
const [uid, gid] = servesOthers ? [NOBODY, NOBODY] : [process.getuid?.(), process.getgid?.()];
const childIds = JSON.stringify(servesOthers ? { uid, gid, cwd: '/' } : {});

/** What a script prints, which runs with a server on `port`. It lets the calls of connect(2) of its children be made for them. */
function printed(code: string): unknown {
  const { status, stdout, stderr } = script(`
    const { spawn, spawnSync } = sandbox;
    const profile = denying(77, 'sethostname');
    const notify = { connect: (call) => call.connect(call.readSockaddr(1)) };
    const python = (code, ...args) => ['python3', ['-c', code, ...args], profile];
    const lines = (child, count) => new Promise((resolve) => {
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (more) => {
        text += more;
        if (text.split('\\n').length > count) resolve(text.trim().split('\\n'));
      });
    });
    const server = require('node:net').createServer((socket) => socket.on('error', () => {}).end()).listen(0, '127.0.0.1');
    server.on('listening', async () => {
      const { port } = server.address();
      ${code}
      process.exit();
    });`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

test('setgid and setuid change the IDs of the supervisor’s threads too, which serve their children on', () => {
  const found = printed(`
      const child = spawn(...python(\`import socket, sys
def tell(call):
  try: print(call(), flush=True)
  except OSError as error: print(error.errno, flush=True)
address = ('127.0.0.1', int(sys.argv[1]))
tell(lambda: socket.socket().connect(address))
sys.stdin.readline()
tell(lambda: socket.sethostname('x'))
tell(lambda: socket.socket().connect(address))\`, String(port)), { ...${childIds}, notify, onViolation: true });
      const told = lines(child, 3);
      await lines(child, 1);
      process.setgid(${gid});
      process.setuid(${uid});
      child.stdin.end('\\n');
      await once(child, 'close');
      const statusOf = (task) => { try { return fs.readFileSync('/proc/self/task/' + task + '/status', 'utf8'); } catch { return ''; } };
      const tasks = fs.readdirSync('/proc/self/task').map(statusOf).filter((text) => text !== ''); // One may have ended.
      console.log(JSON.stringify({
        lines: await told,
        violations: child.violations.length,
        isSupervised: tasks.some((text) => text.startsWith('Name:\\tseccomp\\n')),
        ids: [...new Set(tasks.flatMap((text) => text.match(/^[UG]id:.*/gm)))],
      }));`);
  const four = (id: unknown) => Array(4).fill(id).join('\t');
  expect(found).toEqual({
    ...{ lines: ['None', '77', 'None'], violations: 1, isSupervised: true },
    ids: [`Uid:\t${four(uid)}`, `Gid:\t${four(gid)}`],
  });
});

test('a connection that is not accepted does not stop setegid: the call fails with EAGAIN, and the next one is made', ({
  skip,
}) => {
  skip(
    readFileSync('/proc/self/maps', 'utf8').includes('libtsan'),
    'under ThreadSanitizer, no thread is seen to wait in connect(2)',
  );
  const found = printed(`
      const child = spawn(...python(\`import socket, tempfile, threading
path = tempfile.mkdtemp() + '/socket'
server = socket.socket(socket.AF_UNIX); server.bind(path); server.listen(0)
def connect(name):
  client = socket.socket(socket.AF_UNIX)
  try: client.connect(path)
  except OSError as error: print(name, error.errno, flush=True)
  else: print(name, flush=True)
  return client
kept = connect('first')
thread = threading.Thread(target=connect, args=('second',)); thread.start()
thread.join()
server.accept()
connect('third')\`), { ...${childIds}, notify });
      const told = lines(child, 3);
      await lines(child, 1);
      // Until the thread that connects waits for the server.
      const isWaiting = () => fs.readdirSync('/proc/self/task').some((task) => {
        try { return fs.readFileSync('/proc/self/task/' + task + '/wchan', 'utf8').startsWith('unix_wait'); } catch { return false; }
      });
      while (!isWaiting()) await new Promise(setImmediate);
      process.setegid(process.getegid());
      console.log(JSON.stringify(await told));`);
  expect(found).toEqual(['first', 'second 11', 'third']);
});

test('setegid does not wait for threads that wait for it, while children connect and workers start children', () => {
  const found = printed(`
      const connecting = 'import socket, sys\\nwhile True: socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()';
      spawn(...python(connecting, String(port)), { notify, stdio: 'ignore' });
      const worker = new Worker(\`
        const { record, spawnSync } = require('seccomp');
        (async () => { for (;;) {
          spawnSync('true', [], 'unconfined', ${childIds});
          await record('true', [], { paths: true }).catch(() => {});
          require('node:worker_threads').parentPort.postMessage('one more');
        } })();\`, { eval: true });
      let started = 0;
      worker.on('message', () => started++);
      while (started < 20) {
        for (let i = 0; i < 50; i++) process.setegid(process.getegid());
        await new Promise(setImmediate);
      }
      console.log('true');`);
  expect(found).toBe(true);
});

test('a process that has given up root is not dumpable, whatever a worker did meanwhile', ({ skip }) => {
  if (!isRoot) skip('needs root');
  const found = printed(`
      const worker = new Worker(\`
        const { spawnSync } = require('seccomp');
        for (;;) {
          spawnSync('true', [], 'unconfined', ${childIds});
          require('node:worker_threads').parentPort.postMessage('one more');
        }\`, { eval: true });
      await once(worker, 'message');
      process.setuid(${uid});
      await once(worker, 'message');
      await once(worker, 'message');
      console.log(fs.statSync('/proc/self/status').uid);`);
  expect(found).toBe(0);
});
