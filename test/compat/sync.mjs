/** spawnSync, execFileSync and execSync. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { differs, factsOf, IDS, thrown } from './tools.mjs';

const directory = process.env.COMPAT_DIRECTORY;

/** A result with its error, without what differs from one run, and from one Node, to the next. */
function told({ pid, error, stdout = null, stderr = null, ...rest }) {
  return { ...rest, stdout, stderr, started: pid > 0, error: tellError(error) };
}

/** The error of execSync has all of the result besides. */
function tellError(error) {
  if (!error) return error;
  const { pid, error: inner, stdout = null, stderr = null, ...facts } = factsOf(error);
  return { ...facts, stdout, stderr, started: pid > 0, isItself: inner === error };
}

function refused(run) {
  try {
    return run();
  } catch (error) {
    return tellError(error);
  }
}

const sh = (script) => ['sh', ['-c', script]];

export default {
  'spawnSync: cwd as a Buffer': (cp) => cp.spawnSync('pwd', { cwd: Buffer.from('/') }).stdout.toString(),
  'spawnSync: an empty cwd': differs('An empty `cwd`', (cp) => cp.spawnSync('true', { cwd: '' }).status),
  'spawnSync: encoding buffer with input': differs("`encoding: 'buffer'` with `input` as text", (cp) => {
    try {
      return cp.spawnSync('cat', { input: 'a', encoding: 'buffer' }).stdout;
    } catch ({ code }) {
      return code;
    }
  }),
  'spawnSync: maxBuffer undefined': differs(
    '`maxBuffer: undefined` or `null`',
    (cp) => cp.spawnSync('head', ['-c', '2000000', '/dev/zero'], { maxBuffer: undefined }).error?.code,
  ),
  'spawnSync: timeout, where a grandchild holds the pipes': (cp) => {
    // The grandchild reads until the other end of its stdout is closed. The child ends by itself, even if the timeout is
    // faster: SIGURG is ignored. Node ignores the last option.
    const options = { timeout: 100, killSignal: 'SIGURG', forceKillAfter: false };
    return told(cp.spawnSync(...sh('cat <&1 >/dev/null & exit 5'), options));
  },
  'spawnSync: serialization is not looked at': (cp) => cp.spawnSync('echo', ['a'], { serialization: 'x' }).status,
  'spawnSync: the result, with its keys in order': (cp) => {
    const result = cp.spawnSync(...sh('echo out; echo err >&2; exit 3'));
    return [Object.keys(result), told(result)];
  },
  'spawnSync: output[1] and [2] are stdout and stderr': (cp) => {
    const { output, stdout, stderr } = cp.spawnSync('echo', ['a']);
    return [output.length, output[0], output[1] === stdout, output[2] === stderr];
  },
  'spawnSync: arguments may be left out': (cp) => [told(cp.spawnSync('true')), told(cp.spawnSync('pwd', { cwd: '/' }))],
  'spawnSync: a signal': (cp) => told(cp.spawnSync(...sh('kill -9 $$'))),
  'spawnSync: ENOENT': (cp) => [
    Object.keys(cp.spawnSync('no-such-command')),
    told(cp.spawnSync('no-such-command', ['a'])),
  ],
  'spawnSync: EACCES': (cp) => told(cp.spawnSync('/etc/passwd')),
  'spawnSync: ENOTDIR and E2BIG are results too': (cp) => [
    told(cp.spawnSync('/etc/passwd/x')),
    cp.spawnSync('true', ['x'.repeat(3e5)]).error?.code,
  ],
  'spawnSync: encodings': (cp) =>
    ['utf8', 'latin1', 'hex', 'base64', 'buffer', undefined, null].map(
      (encoding) => cp.spawnSync('echo', ['é'], { encoding }).stdout,
    ),
  'spawnSync: input of every kind': (cp) => [
    cp.spawnSync('cat', { input: 'text é', encoding: 'utf8' }).stdout,
    cp.spawnSync('cat', { input: Buffer.from([0, 255]) }).stdout,
    cp.spawnSync('cat', { input: new Uint16Array([1, 2]) }).stdout,
    cp.spawnSync('cat', { input: new DataView(new ArrayBuffer(2)) }).stdout,
    cp.spawnSync('cat', { input: '' }).stdout,
  ],
  'spawnSync: input overrides stdio[0]': (cp) =>
    told(cp.spawnSync('cat', { input: 'in', stdio: ['pipe', 'pipe', 'inherit'], encoding: 'utf8' })),
  'spawnSync: large input and output': (cp) =>
    cp.spawnSync('cat', { input: 'x'.repeat(700_000), maxBuffer: 800_000 }).stdout.length,
  'spawnSync: input of which only a line is read': (cp) =>
    told(cp.spawnSync(...sh('read line'), { input: `line\n${'x'.repeat(10)}` })),
  'spawnSync: timeout': (cp) => told(cp.spawnSync('sleep', ['60'], { timeout: 30 })),
  'spawnSync: timeout with killSignal': (cp) =>
    told(cp.spawnSync('sleep', ['60'], { timeout: 30, killSignal: 'SIGKILL' })),
  'spawnSync: killSignal by number and in lower case': (cp) => [
    cp.spawnSync('sleep', ['60'], { timeout: 30, killSignal: 2 }).signal,
    cp.spawnSync('sleep', ['60'], { timeout: 30, killSignal: 'sigint' }).signal,
  ],
  'spawnSync: a timeout that is not reached': (cp) => told(cp.spawnSync('true', { timeout: 60_000 })),
  'spawnSync: maxBuffer': (cp) => {
    const { error, status, signal } = cp.spawnSync('yes', { maxBuffer: 10 });
    return [tellError(error), status, signal];
  },
  'spawnSync: maxBuffer is 1024 × 1024 by default': (cp) => {
    const size = (n) => cp.spawnSync('head', ['-c', String(n), '/dev/zero']);
    return [size(2 ** 20).error, size(2 ** 20).stdout.length, size(2 ** 20 + 1).error?.code];
  },
  'spawnSync: stdio forms': (cp) => [
    told(cp.spawnSync('echo', ['a'], { stdio: 'ignore' })),
    told(cp.spawnSync('true', { stdio: 'inherit' })),
    told(cp.spawnSync(...sh('echo three >&3'), { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })),
    told(cp.spawnSync('echo', ['a'], { stdio: ['pipe', null, undefined] })),
  ],
  'spawnSync: a descriptor': (cp) => {
    const out = openSync(join(directory, 'out'), 'w');
    const result = told(cp.spawnSync('echo', ['a'], { stdio: ['ignore', out, 'ignore'] }));
    closeSync(out);
    return [result, readFileSync(join(directory, 'out'), 'utf8')];
  },
  'spawnSync: stdio ipc': (cp) => thrown(() => cp.spawnSync('true', { stdio: ['ipc'] })),
  'spawnSync: shell, argv0, env, cwd': (cp) => [
    cp.spawnSync('echo $A $0', { shell: true, env: { A: 'a' }, encoding: 'utf8' }).stdout,
    cp.spawnSync('sh', ['-c', 'echo $0'], { argv0: 'zero', encoding: 'utf8' }).stdout,
    cp.spawnSync('pwd', { cwd: '/', encoding: 'utf8' }).stdout,
    cp.spawnSync('pwd', { cwd: new URL('file:///usr'), encoding: 'utf8' }).stdout,
  ],
  'spawnSync: waits for those who keep its pipes': (cp) =>
    // kill -0 succeeds until spawnSync has waited for the child itself.
    cp.spawnSync(...sh('(while kill -0 $$; do :; done 2>&-; echo late) & exit 5'), { encoding: 'utf8' }).stdout,
  'spawnSync: a signal option is left aside': (cp) => told(cp.spawnSync('true', { signal: AbortSignal.abort() })),

  'execFileSync: the output, as bytes': (cp) => cp.execFileSync('echo', ['a']),
  'execFileSync: text': (cp) => cp.execFileSync('echo', ['é'], { encoding: 'utf8' }),
  'execFileSync: encoding buffer is bytes': (cp) => cp.execFileSync('echo', ['a'], { encoding: 'buffer' }),
  'execFileSync: arguments may be left out': (cp) => [
    cp.execFileSync('true'),
    String(cp.execFileSync('pwd', { cwd: '/' })),
  ],
  'execFileSync: null without a pipe': (cp) => cp.execFileSync('true', { stdio: 'ignore' }),
  'execFileSync: an exit code throws, with the result': (cp) =>
    refused(() => cp.execFileSync(...sh('echo out; echo err >&2; exit 3'), { stdio: 'pipe' })),
  'execFileSync: a signal throws': (cp) => refused(() => cp.execFileSync(...sh('kill -9 $$'))),
  'execFileSync: ENOENT throws, with the result': (cp) => refused(() => cp.execFileSync('no-such-command', ['a'])),
  'execFileSync: timeout throws': (cp) => refused(() => cp.execFileSync('sleep', ['60'], { timeout: 30 })),
  'execFileSync: maxBuffer throws': (cp) => {
    const { code, message } = refused(() => cp.execFileSync('yes', { maxBuffer: 10 }));
    return [code, message];
  },
  'execFileSync: argv0 in the message': (cp) =>
    refused(() => cp.execFileSync('false', ['a'], { argv0: 'zero' })).message,
  'execFileSync: shell': (cp) => cp.execFileSync('echo', ['$((1 + 1))'], { shell: true, encoding: 'utf8' }),
  'execFileSync: input': (cp) => cp.execFileSync('cat', { input: 'in', encoding: 'utf8' }),

  'execSync: by a shell': (cp) => cp.execSync('echo $((1 + 2)) | cat', { encoding: 'utf8' }),
  'execSync: bytes': (cp) => cp.execSync('printf 1'),
  'execSync: another shell': (cp) => cp.execSync('echo $BASH', { shell: '/bin/bash', encoding: 'utf8' }),
  'execSync: an exit code throws, with the command': (cp) =>
    refused(() => cp.execSync('echo out; echo err >&2; exit 3', { stdio: 'pipe' })),
  'execSync: texts in the error': (cp) => refused(() => cp.execSync('echo out; exit 3', { encoding: 'utf8' })),
  'execSync: timeout throws': (cp) => refused(() => cp.execSync('exec sleep 60', { timeout: 30 })),
  'execSync: input': (cp) => cp.execSync('cat', { input: 'in', encoding: 'utf8' }),
  'execSync: cwd and env': (cp) => cp.execSync('pwd; echo $A', { cwd: '/', env: { A: 'a' }, encoding: 'utf8' }),
  'execSync: stdio inherit gives null': (cp) => cp.execSync('true', { stdio: 'inherit' }),
  'execSync and execFileSync: stderr passes on, unless stdio is given': (cp) => {
    const written = [];
    const { write } = process.stderr;
    process.stderr.write = (chunk) => written.push(String(chunk));
    cp.execSync('echo one >&2');
    cp.execFileSync(...sh('echo two >&2'));
    cp.execSync('echo three >&2', { stdio: 'pipe' });
    thrown(() => cp.execSync('echo four >&2; exit 1'));
    process.stderr.write = write;
    return written;
  },
  'spawnSync: pipes above 2 are in output': (cp) =>
    cp.spawnSync(...sh('echo three >&3; echo four >&4'), {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
      encoding: 'utf8',
    }).output,
  'spawnSync: an encoding that is unknown': (cp) => {
    try {
      return cp.spawnSync('echo', ['a'], { encoding: 'utf-99' }).stdout;
    } catch (error) {
      return error.code;
    }
  },
  'spawnSync: maxBuffer Infinity and 0': (cp) => [
    cp.spawnSync('head', ['-c', '2000000', '/dev/zero'], { maxBuffer: Infinity }).stdout.length,
    cp.spawnSync('echo', ['a'], { maxBuffer: 0 }).error?.code,
  ],
  'spawnSync: detached, windowsHide': (cp) =>
    told(cp.spawnSync('true', { detached: true, windowsHide: true, windowsVerbatimArguments: true })),
  'spawnSync: uid that is not an integer': (cp) => thrown(() => cp.spawnSync('true', { uid: 1.5 })).code,
  'spawnSync: events of others wait': async (cp) => {
    const order = [];
    setImmediate(() => order.push('event'));
    cp.spawnSync('true');
    order.push('returned');
    await new Promise((resolve) => setImmediate(resolve));
    return order;
  },
  'execFileSync: cwd as a URL, uid, env': (cp) =>
    cp.execFileSync('sh', ['-c', 'pwd; id -u; echo $A'], {
      ...{ cwd: new URL('file:///usr'), ...IDS },
      ...{ env: { A: 'a', PATH: process.env.PATH }, encoding: 'utf8' },
    }),
  'execFileSync: the error is of Node’s form': (cp) => {
    const error = refused(() => cp.execFileSync('false', { stdio: 'pipe' }));
    return [Object.keys(error), error.message];
  },
  'execSync: maxBuffer throws': (cp) => refused(() => cp.execSync('yes', { maxBuffer: 10 })).code,
  'execSync: killSignal': (cp) =>
    refused(() => cp.execSync('exec sleep 60', { timeout: 30, killSignal: 'SIGKILL' })).signal,
};
