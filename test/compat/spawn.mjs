/** child_process.spawn(): the command, its arguments and options. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { differs, IDS, output, story, thrown, thrownCode } from './tools.mjs';

const directory = process.env.COMPAT_DIRECTORY;
writeFileSync(join(directory, 'tool'), '#!/bin/sh\necho "tool $*"\n', { mode: 0o755 });
writeFileSync(join(directory, 'plain'), 'text', { mode: 0o644 });
writeFileSync(join(directory, 'no-interpreter'), '#!/no/such/interpreter\n', { mode: 0o755 });

async function replacedEnv(cp) {
  const { env } = process;
  process.env = { PATH: env.PATH, A: 'replaced' };
  const child = cp.spawn('env');
  process.env = env;
  return output(child);
}

const [MAJOR, MINOR] = process.versions.node.split('.').map(Number);
const REPLACED_ENV =
  MAJOR > 26 || (MAJOR === 26 && MINOR > 10) ? differs('If `process.env` was replaced', replacedEnv) : replacedEnv;

export default {
  'starts a command with arguments': (cp) => story(cp.spawn('printf', ['%s-', 'one', 'two three', ''])),
  'arguments may be left out': (cp) => story(cp.spawn('true')),
  'arguments may be left out before options': (cp) => output(cp.spawn('pwd', { cwd: '/' })),
  'null or undefined are no arguments': async (cp) => [
    await story(cp.spawn('true', null)),
    await story(cp.spawn('true', undefined, undefined)),
    await output(cp.spawn('pwd', null, { cwd: '/' })),
  ],
  'arguments of other types become strings': (cp) =>
    output(cp.spawn('printf', ['%s ', 1, true, 2n, { toString: () => 'x' }])),
  'changing the arguments later changes nothing': (cp) => {
    const args = ['one'];
    const child = cp.spawn('echo', args);
    args[0] = 'two';
    return story(child);
  },
  'arguments are not expanded without a shell': (cp) => output(cp.spawn('echo', ['$HOME', '*', ';', 'true'])),
  'unicode passes in arguments, environment and output': (cp) =>
    story(cp.spawn('sh', ['-c', 'echo "$1 $SNOWMAN"', 'sh', '😀 é 漢'], { env: { ...process.env, SNOWMAN: '☃' } })),
  'a lone surrogate becomes U+FFFD': (cp) => output(cp.spawn('printf', ['%s', 'a\ud800b'])),
  'many arguments': async (cp) => (await output(cp.spawn('printf', ['%s', ...Array(20_000).fill('abc')]))).length,
  'more than the kernel takes as arguments is E2BIG, thrown': (cp) => thrown(() => cp.spawn('true', ['x'.repeat(3e5)])),

  'cwd: the working directory': (cp) => output(cp.spawn('pwd', { cwd: directory })),
  'cwd: a file URL': (cp) => output(cp.spawn('pwd', { cwd: pathToFileURL(directory) })),
  'cwd: a Buffer': differs('`cwd` may be a Buffer', (cp) => output(cp.spawn('pwd', { cwd: Buffer.from(directory) }))),
  'cwd: null and the empty string are this process’s': async (cp) => [
    await output(cp.spawn('pwd', { cwd: null })),
    await output(cp.spawn('pwd', { cwd: '' })),
  ],
  'cwd: one that is not there is ENOENT of the command': differs('The message of the error names a `cwd`', (cp) =>
    story(cp.spawn('pwd', { cwd: '/no/such' })),
  ),
  'cwd: a file is ENOTDIR, thrown': (cp) => thrownCode(() => cp.spawn('pwd', { cwd: '/etc/passwd' })),
  'cwd: a command with a slash is looked for from there': (cp) => output(cp.spawn('./tool', ['a'], { cwd: directory })),
  'cwd: not a file URL': (cp) => thrown(() => cp.spawn('pwd', { cwd: new URL('http://example.org/') })).code,
  'cwd: of another type': (cp) => thrown(() => cp.spawn('pwd', { cwd: 5 })),
  'cwd: a null byte': (cp) => thrown(() => cp.spawn('pwd', { cwd: '/a\0b' })),

  'env: default process.env, as it is now': async (cp) => {
    process.env.SECCOMP_COMPAT = 'now';
    const seen = await output(cp.spawn('sh', ['-c', 'echo $SECCOMP_COMPAT']));
    delete process.env.SECCOMP_COMPAT;
    return seen;
  },
  'env: what is given is all there is': (cp) => output(cp.spawn('/usr/bin/env', { env: { A: '1', B: 'two words' } })),
  'env: undefined values are ignored': (cp) => output(cp.spawn('/usr/bin/env', { env: { A: undefined, B: '1' } })),
  'env: other values become strings': (cp) => output(cp.spawn('/usr/bin/env', { env: { A: 1, B: null, C: true } })),
  'env: properties of the prototype count': (cp) =>
    output(cp.spawn('/usr/bin/env', { env: Object.create({ A: 'inherited' }, { B: { value: 1, enumerable: true } }) })),
  'env: null is process.env': async (cp) =>
    (await output(cp.spawn('sh', ['-c', 'echo $PATH'], { env: null }))) === `${process.env.PATH}\n`,
  // Node's message has the byte as it is.
  'env: names with null bytes': (cp) => thrownCode(() => cp.spawn('true', { env: { 'A\0': '1' } })),
  'env: values with null bytes': (cp) => thrown(() => cp.spawn('true', { env: { A: '1\0' } })),
  'env: the command is looked up in its PATH': (cp) =>
    output(cp.spawn('tool', ['x'], { env: { PATH: `/no:${directory}` } })),
  'env: without PATH there is a default': (cp) => output(cp.spawn('echo', ['found'], { env: {} })),
  'env: NODE_V8_COVERAGE passes on': async (cp) => {
    process.env.NODE_V8_COVERAGE = '/tmp/none';
    const seen = [
      await output(cp.spawn('/usr/bin/env', { env: {} })),
      await output(cp.spawn('/usr/bin/env', { env: { NODE_V8_COVERAGE: '' } })),
    ];
    delete process.env.NODE_V8_COVERAGE;
    return seen;
  },
  'env: one that is no object': differs('An `env` that is not an object', async (cp) => {
    try {
      return await output(cp.spawn('/usr/bin/env', { env: 'AB' }));
    } catch (error) {
      return error.code;
    }
  }),

  'argv0: argv[0] of the child': (cp) => story(cp.spawn('sh', ['-c', 'echo $0'], { argv0: 'zero' })),
  'argv0: of another type': (cp) => thrown(() => cp.spawn('true', { argv0: 5 })),
  'argv0: null and undefined are none': (cp) => output(cp.spawn('sh', ['-c', 'echo $0'], { argv0: null })),

  'shell: true is /bin/sh': (cp) => story(cp.spawn('echo $0 $((1 + 2)) | cat', { shell: true })),
  'shell: a path': (cp) => story(cp.spawn('echo $BASH', { shell: '/bin/bash' })),
  'shell: false, the empty string, null': async (cp) => [
    await output(cp.spawn('echo', ['$0'], { shell: false })),
    await output(cp.spawn('echo', ['$0'], { shell: '' })),
    await output(cp.spawn('echo', ['$0'], { shell: null })),
  ],
  'shell: a command that is not there is exit code 127': async (cp) => {
    const { events } = await story(cp.spawn('no-such-command', { shell: true }));
    return events;
  },
  'shell: one that is not there is ENOENT': (cp) => story(cp.spawn('true', { shell: '/no/such/shell' })),
  'shell: of another type': (cp) => thrown(() => cp.spawn('true', { shell: 5 })),

  'uid and gid: the child’s identity': async (cp) => {
    try {
      return await story(cp.spawn('sh', ['-c', 'id -u; id -g; id -G'], { uid: 65534, gid: 65534, cwd: '/' }));
    } catch ({ code }) {
      return code;
    }
  },
  'uid: not an integer': (cp) => [
    thrownCode(() => cp.spawn('true', { uid: 'root' })),
    thrownCode(() => cp.spawn('true', { uid: 1.5 })),
    thrownCode(() => cp.spawn('true', { gid: 2 ** 40 })),
  ],
  'detached: leads a session and a process group of its own': async (cp) => {
    const leads =
      'read -r pid name state parent group session rest < /proc/$$/stat; [ $pid = $group ] && [ $pid = $session ]';
    return [
      (await story(cp.spawn('sh', ['-c', leads], { detached: true }))).exitCode,
      (await story(cp.spawn('sh', ['-c', leads], { detached: false }))).exitCode,
    ];
  },
  'detached: its group can be killed by the negative pid': async (cp) => {
    const child = cp.spawn('sh', ['-c', 'sleep 60 & sleep 60'], { detached: true });
    return story(child, () => process.kill(-child.pid, 'SIGKILL'));
  },
  'detached: of another type': (cp) => thrown(() => cp.spawn('true', { detached: 1 })),
  'windowsHide and windowsVerbatimArguments have no effect': (cp) =>
    output(cp.spawn('echo', ['a'], { windowsHide: true, windowsVerbatimArguments: true })),
  'windowsHide: of another type': (cp) => thrown(() => cp.spawn('true', { windowsHide: 1 })),
  'serialization is checked, and has no effect': async (cp) => [
    await output(cp.spawn('echo', ['a'], { serialization: 'advanced' })),
    thrown(() => cp.spawn('true', { serialization: 'xml' })),
  ],
  'options on Object.prototype are not options': async (cp) => {
    Object.prototype.shell = true;
    const child = cp.spawn('echo', ['$0'], { stdio: ['ignore', 'pipe', 'pipe'] });
    delete Object.prototype.shell;
    return output(child);
  },
  'unknown options': differs('Unknown options are errors', (cp) => thrown(() => cp.spawn('true', { cdw: '/' })).code),

  'a command that is not there': (cp) => story(cp.spawn('no-such-command', ['a', 'b'])),
  'a path that is not there': (cp) => story(cp.spawn('/no/such/command')),
  'a file without permission is EACCES': (cp) => story(cp.spawn(join(directory, 'plain'), ['a'])),
  'a directory is EACCES': (cp) => story(cp.spawn(directory)),
  'a missing interpreter is ENOENT': (cp) => story(cp.spawn(join(directory, 'no-interpreter'))),
  'a path through a file is ENOTDIR, thrown': (cp) => thrown(() => cp.spawn('/etc/passwd/x')),
  no_new_privs: differs('no_new_privs is set', (cp) => output(cp.spawn('grep', ['NoNewPrivs', '/proc/self/status']))),
  'signals that Node ignores are as by default': (cp) =>
    output(cp.spawn('grep', ['-E', 'Sig(Blk|Ign|Cgt)', '/proc/self/status'])),
  'a diagnostics channel tells of each child': async (cp) => {
    const { channel } = await import('node:diagnostics_channel');
    const seen = [];
    const listener = ({ process: child }) => seen.push(child);
    channel('child_process').subscribe(listener);
    const child = cp.spawn('true');
    channel('child_process').unsubscribe(listener);
    await story(child);
    return [seen.length, seen[0] === child];
  },
  'a tracing channel tells how each start went (Node ≥ 24.15: before, nobody tells)': async (cp) => {
    const [major, minor] = process.versions.node.split('.').map(Number);
    if (major < 24 || (major === 24 && minor < 15)) return 'no such channel';
    const { subscribe, unsubscribe } = await import('node:diagnostics_channel');
    const seen = [];
    const listeners = ['start', 'end', 'error'].map((event) => [
      `tracing:child_process.spawn:${event}`,
      ({ process: child, options, error, ...rest }) =>
        seen.push([event, child.spawnfile, options?.file, options?.args, options?.cwd ?? undefined, error?.code, rest]),
    ]);
    for (const [name, listener] of listeners) subscribe(name, listener);
    const children = [cp.spawn('true', ['a'], { cwd: '/' }), cp.spawn('no-such-command'), cp.execFile('true')];
    const refused = thrown(() => cp.spawn('true', ['x'.repeat(3e5)])).code;
    thrown(() => cp.spawn('true', { cwd: 5 }));
    cp.spawnSync('true');
    for (const [name, listener] of listeners) unsubscribe(name, listener);
    await Promise.all(children.map((child) => story(child)));
    return [refused, seen.map((facts) => inspect(facts, { maxStringLength: 10 }))];
  },
  'env: properties that are not enumerable do not count, and hide those that are inherited': async (cp) => {
    const hidden = Object.create({ A: 'of the prototype' }, { A: { value: 'hidden' }, B: { value: 'hidden' } });
    return output(cp.spawn('/usr/bin/env', { env: hidden }));
  },
  'env: a Proxy, and getters': async (cp) => {
    const proxy = new Proxy({ A: '1', B: '2' }, { get: (target, name) => `${target[name]}!` });
    const getter = {
      get A() {
        return 'got';
      },
    };
    return [
      await output(cp.spawn('/usr/bin/env', { env: proxy })),
      await output(cp.spawn('/usr/bin/env', { env: getter })),
    ];
  },
  'env: symbols are no names, and no values': async (cp) => [
    await output(cp.spawn('/usr/bin/env', { env: { A: '1', [Symbol('B')]: '2' } })),
    thrown(() => cp.spawn('true', { env: { A: Symbol('B') } })).kind,
  ],
  'env: process.env that was replaced': REPLACED_ENV,
  'env: empty names, and values with =': (cp) =>
    output(cp.spawn('/usr/bin/env', { env: { A: 'b=c', '': 'nameless', D: '' } })),
  'uid and gid of spawnSync and execFile': async (cp) => [
    cp.spawnSync('id', ['-u'], { ...IDS, encoding: 'utf8' }).stdout,
    await output(cp.execFile('id', ['-g'], IDS)),
  ],
};
