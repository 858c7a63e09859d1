/** A process that changes its IDs after it has started children, as servers do that give up root: libc waits for each of its threads. */
import { expect, test } from 'vitest';
import { script } from '../support/scripts.js';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const [uid, gid] = isRoot ? [NOBODY, NOBODY] : [process.getuid?.(), process.getgid?.()];

test('setgid and setuid change the IDs of the supervisor’s threads too, which serve their children on', () => {
  const { status, stdout, stderr } = script(`
    const { spawn } = require('seccomp');
    const { createServer } = require('node:net');
    const { readdirSync, readFileSync } = fs;
    const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['sethostname'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }] };
    const python = \`import socket, sys
def tell(call):
  try: print(call(), flush=True)
  except OSError as error: print(error.errno, flush=True)
connection = socket.socket()
tell(lambda: connection.connect(('127.0.0.1', int(sys.argv[1]))))
sys.stdin.readline()
tell(lambda: socket.sethostname('x'))
connection = socket.socket()
tell(lambda: connection.connect(('127.0.0.1', int(sys.argv[1]))))\`;
    const server = createServer((socket) => socket.on('error', () => {})).listen(0, async () => {
      const { port } = server.address();
      const notify = { connect: (call) => call.connect(call.readSockaddr(1)) };
      const child = spawn('python3', ['-c', python, String(port)], profile, {
        ...${JSON.stringify(isRoot ? { uid, gid } : {})}, cwd: '/', notify, onViolation: true,
      });
      let told = '';
      child.stdout.setEncoding('utf8').on('data', (text) => { told += text; });
      while (!told.includes('\\n')) await once(child.stdout, 'data');
      process.setgid(${gid});
      process.setuid(${uid});
      child.stdin.end('\\n');
      const [code] = await once(child, 'close');
      const statusOf = (task) => { try { return readFileSync('/proc/self/task/' + task + '/status', 'utf8'); } catch { return ''; } };
      const threads = readdirSync('/proc/self/task').map(statusOf).filter((text) => text !== ''); // One may have ended.
      console.log(JSON.stringify({
        code,
        lines: told.trim().split('\\n'),
        violations: child.violations.length,
        isSupervised: threads.some((text) => text.startsWith('Name:\\tseccomp\\n')),
        ids: [...new Set(threads.flatMap((text) => text.match(/^[UG]id:.*/gm)))],
      }));
      server.close();
    });`);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const four = (id: unknown) => Array(4).fill(id).join('\t');
  expect(JSON.parse(stdout)).toEqual({
    ...{ code: 0, lines: ['None', '77', 'None'], violations: 1, isSupervised: true },
    ids: [`Uid:\t${four(uid)}`, `Gid:\t${four(gid)}`],
  });
});
