/** exec and execFile: callbacks, and promises by util.promisify. */
import { once } from 'node:events';
import { promisify } from 'node:util';
import { called, differs, IDS, settled, story, thrown } from './tools.mjs';

const execFile = (cp, ...parameters) => called((callback) => cp.execFile(...parameters, callback));
const exec = (cp, ...parameters) => called((callback) => cp.exec(...parameters, callback));

export default {
  'argv0 is checked and left aside': async (cp) => [
    thrown(() => cp.exec('true', { argv0: 5 })),
    thrown(() => cp.exec('true', { argv0: 'a\0' })),
    thrown(() => cp.execFile('true', { argv0: 'a\0' })),
    await called((done) => cp.exec('echo $0', { argv0: 'x' }, done)),
  ],
  'execFile: output as text': (cp) => execFile(cp, 'sh', ['-c', 'echo out; echo err >&2']),
  'execFile: the callback may be second, third or fourth': async (cp) => [
    await execFile(cp, 'true'),
    await execFile(cp, 'echo', ['a']),
    await execFile(cp, 'pwd', { cwd: '/' }),
    await execFile(cp, 'pwd', [], { cwd: '/' }),
    await execFile(cp, 'echo', null, null),
    await execFile(cp, 'echo', undefined, undefined),
    await execFile(cp, 'echo', ['a'], undefined),
  ],
  'execFile: without a callback': async (cp) => {
    const child = cp.execFile('sh', ['-c', 'echo a; exit 3']);
    return story(child);
  },
  'execFile: gives the child': async (cp) => {
    let seen;
    const child = cp.execFile('sh', ['-c', 'read x; echo "$x"'], (_, stdout) => {
      seen = stdout;
    });
    child.stdin.end('typed\n');
    await story(child);
    return [seen, child.spawnargs];
  },
  'execFile: no shell': (cp) => execFile(cp, 'echo', ['$HOME', '|', 'cat']),
  'execFile: shell true': (cp) => execFile(cp, 'echo', ['$((1 + 1))', '|', 'cat'], { shell: true }),
  'execFile: an exit code is error.code': (cp) => execFile(cp, 'sh', ['-c', 'echo out; echo err >&2; exit 3']),
  'execFile: a signal is error.signal': (cp) => execFile(cp, 'sh', ['-c', 'kill -9 $$']),
  'execFile: ENOENT': (cp) => execFile(cp, 'no-such-command', ['a', 'b']),
  'execFile: EACCES': (cp) => execFile(cp, '/etc/passwd'),
  'execFile: cwd that is not there': differs('The message of the error names a `cwd`', (cp) =>
    execFile(cp, 'true', { cwd: '/no/such' }),
  ),
  'execFile: encodings': async (cp) => [
    await execFile(cp, 'echo', ['é'], { encoding: 'latin1' }),
    await execFile(cp, 'echo', ['é'], { encoding: 'hex' }),
    await execFile(cp, 'echo', ['é'], { encoding: 'base64' }),
    await execFile(cp, 'echo', ['é'], { encoding: 'buffer' }),
    await execFile(cp, 'echo', ['é'], { encoding: null }),
    await execFile(cp, 'echo', ['é'], { encoding: 'no-encoding' }),
    await execFile(cp, 'echo', ['é'], { encoding: undefined }),
  ],
  'execFile: setEncoding on the child’s stream makes text': (cp) =>
    called((callback) => cp.execFile('echo', ['a'], { encoding: 'buffer' }, callback).stdout.setEncoding('utf8')),
  'execFile: maxBuffer ends the child, output is cut': (cp) => execFile(cp, 'printf', ['1234567890'], { maxBuffer: 4 }),
  'execFile: maxBuffer of stderr': (cp) =>
    execFile(cp, 'sh', ['-c', 'printf 123; printf 1234567890 >&2'], { maxBuffer: 4 }),
  'execFile: maxBuffer in bytes, cut in characters': async (cp) => [
    await execFile(cp, 'printf', ['éééé'], { maxBuffer: 5 }),
    await execFile(cp, 'printf', ['éééé'], { maxBuffer: 5, encoding: 'buffer' }),
  ],
  'execFile: maxBuffer reached exactly is no error': (cp) => execFile(cp, 'printf', ['1234'], { maxBuffer: 4 }),
  'execFile: maxBuffer 0': (cp) => execFile(cp, 'printf', ['1'], { maxBuffer: 0 }),
  'execFile: maxBuffer is 1024 × 1024 by default': async (cp) => {
    const run = (size) => execFile(cp, 'sh', ['-c', `head -c ${size} /dev/zero | tr "\\0" a`]);
    const most = 1024 * 1024;
    return [most, most + 1].map(run).reduce(async (seen, next) => {
      const { error, stdout } = await next;
      return [...(await seen), [error?.code, error?.message, stdout.length]];
    }, []);
  },
  'execFile: maxBuffer Infinity': async (cp) => {
    const { error, stdout } = await execFile(cp, 'head', ['-c', '2000000', '/dev/zero'], { maxBuffer: Infinity });
    return [error, stdout.length];
  },
  'execFile: options that it has not are left aside': (cp) =>
    execFile(cp, 'sh', ['-c', 'echo $0'], { stdio: 'ignore', argv0: 'zero', detached: true, input: 'x' }),
  'execFile: the callback is called once': async (cp) => {
    let calls = 0;
    const child = cp.execFile('no-such-command', () => calls++);
    await new Promise((resolve) => child.on('close', resolve));
    return calls;
  },
  'execFile: an exception of the callback is uncaught': async (cp) => {
    const uncaught = once(process, 'uncaughtException');
    cp.execFile('true', () => {
      throw new Error('of the callback');
    });
    const [error] = await uncaught;
    return error.message;
  },
  'execFile: what is thrown at once': (cp) => [
    thrown(() => cp.execFile('/etc/passwd/x', () => {})),
    thrown(() => cp.execFile('true', [], { argv0: 5 })).code,
  ],

  'exec: by a shell': (cp) => exec(cp, 'echo $((1 + 2)) | cat; echo err >&2'),
  'exec: null for options and for the callback': async (cp) => {
    const child = cp.exec('echo a', null, null);
    return story(child);
  },
  'exec: the callback may be second or third': async (cp) => [
    await exec(cp, 'pwd', { cwd: '/' }),
    await exec(cp, 'echo a', undefined),
  ],
  'exec: the error’s code, cmd, killed and signal': (cp) => exec(cp, 'echo out; echo err >&2; exit 5'),
  'exec: a signal ends the shell': (cp) => exec(cp, 'kill -USR1 $$'),
  'exec: a command that is not there is 127': async (cp) => {
    const { error } = await exec(cp, 'no-such-command');
    return [error.code, error.killed, error.signal, error.cmd];
  },
  'exec: spawnfile and spawnargs': async (cp) => {
    const child = cp.exec('echo a b');
    await story(child);
    return [child.spawnfile, child.spawnargs];
  },
  'exec: another shell': (cp) => exec(cp, 'echo $BASH', { shell: '/bin/bash' }),
  'exec: shell can’t be turned off': (cp) => exec(cp, 'echo $((1 + 1))', { shell: false }),
  'exec: a shell that is not there': (cp) => exec(cp, 'echo a', { shell: '/no/such/shell' }),
  'exec: env': (cp) => exec(cp, 'echo $A', { env: { A: 'given' } }),
  'exec: encoding and maxBuffer': (cp) => exec(cp, 'printf 12345', { encoding: 'buffer', maxBuffer: 3 }),
  'exec: quoting is the shell’s': (cp) => exec(cp, `printf '%s|' "a b" 'c $d' e\\ f`),

  'promisify(execFile): both outputs': (cp) => settled(promisify(cp.execFile)('sh', ['-c', 'echo out; echo err >&2'])),
  'promisify(execFile): options': (cp) => settled(promisify(cp.execFile)('pwd', { cwd: '/', encoding: 'buffer' })),
  'promisify(execFile): the error has both outputs': (cp) =>
    settled(promisify(cp.execFile)('sh', ['-c', 'echo out; echo err >&2; exit 2'])),
  'promisify(execFile): ENOENT': (cp) => settled(promisify(cp.execFile)('no-such-command')),
  'promisify(execFile): child is the process': async (cp) => {
    const promise = promisify(cp.execFile)('cat');
    promise.child.stdin.end('typed');
    return [typeof promise.child.pid, promise instanceof Promise, await promise];
  },
  'promisify(execFile): arguments that are refused throw': (cp) => thrown(() => promisify(cp.execFile)(5)),
  'promisify(exec): both outputs': (cp) => settled(promisify(cp.exec)('echo out; echo err >&2')),
  'promisify(exec): the error has both outputs': (cp) => settled(promisify(cp.exec)('echo out; exit 2')),
  'promisify(exec): child is the process': async (cp) => {
    const promise = promisify(cp.exec)('exit 3');
    const { error } = await settled(promise);
    return [promise.child.exitCode, error.code];
  },
  'promisify(exec): abort': async (cp) => {
    const controller = new AbortController();
    const promise = promisify(cp.exec)('exec sleep 60', { signal: controller.signal });
    controller.abort();
    const { error } = await settled(promise);
    return [error.name, error.code, error.stdout, error.cmd];
  },
  'an encoding that is unknown': async (cp) => [
    await called((callback) => cp.execFile('echo', ['a'], { encoding: 'utf-99' }, callback)),
    await called((callback) => cp.exec('echo a', { encoding: 'utf-99' }, callback)),
  ],
  'exec: cwd as a URL, uid and gid': (cp) =>
    called((callback) => cp.exec('pwd; id -u', { cwd: new URL('file:///usr'), ...IDS }, callback)),
  'execFile: what is written to stdin': (cp) => called((callback) => cp.execFile('cat', callback).stdin.end('typed')),
  'execFile: a listener of its own for the output': async (cp) => {
    const chunks = [];
    const result = await called((callback) =>
      cp.execFile('echo', ['a'], callback).stdout.on('data', (chunk) => chunks.push(chunk)),
    );
    return [result, chunks];
  },
  'promisify(execFile): encoding buffer': async (cp) =>
    settled(promisify(cp.execFile)('echo', ['a'], { encoding: 'buffer' })),
  'promisify(execFile): timeout': async (cp) => {
    const { error } = await settled(promisify(cp.execFile)('sleep', ['60'], { timeout: 30 }));
    return [error.killed, error.signal, error.code, error.cmd, error.stdout];
  },
  'promisify(execFile): maxBuffer': async (cp) => {
    const { error } = await settled(promisify(cp.execFile)('yes', { maxBuffer: 4 }));
    return [error.kind, error.code, error.message, error.stdout];
  },
};
