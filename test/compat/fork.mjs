/**
 * child_process.fork(): the module, its channel, its options. `spawnargs` is left out: this package's contains the
 * preload file.
 */
import { ChildProcess } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { answersThroughHandles, factsOf, story, thrown } from './tools.mjs';

const directory = process.env.COMPAT_DIRECTORY;
const moduleOf = (name, code) => {
  const file = join(directory, `${name}.cjs`);
  writeFileSync(file, code);
  return file;
};
const echo = moduleOf('echo', "process.on('message', (message) => process.send(message))");
const start = moduleOf(
  'start',
  'process.send([process.argv.slice(1), process.execArgv, process.cwd(), process.env.A])',
);
const speaks = moduleOf('speaks', "console.log('out'); console.error('err'); process.exitCode = 3");
const sleeps = moduleOf('sleeps', 'setInterval(() => {}, 1000)');

/** The first message, of a child that is then disconnected. */
async function told(child) {
  const [message] = await once(child, 'message');
  child.disconnect();
  return message;
}

async function storyOf(child, during) {
  const { spawnargs: _, ...rest } = await story(child, during);
  return rest;
}

export default {
  'gives a ChildProcess with a channel': async (cp) => {
    const child = cp.fork(echo);
    const facts = [child instanceof ChildProcess, child.connected, typeof child.send, typeof child.channel];
    child.disconnect();
    return [...facts, child.connected, await once(child, 'exit')];
  },
  'messages go both ways': async (cp) => {
    const child = cp.fork(echo);
    child.send({ a: [1, null, 'é'], left: undefined });
    return told(child);
  },
  'serialization: advanced': async (cp) => {
    const child = cp.fork(echo, { serialization: 'advanced' });
    child.send(new Map([[1n, new Set(['a'])]]));
    return told(child);
  },
  'serialization: another': (cp) => thrown(() => cp.fork(echo, { serialization: 'x' })),
  'arguments and options': (cp) => told(cp.fork(start, ['a', 1, 'b c'], { cwd: '/', env: { A: 'b' } })),
  'arguments may be left out before options': (cp) => told(cp.fork(start, { execArgv: ['--no-warnings'] })),
  'null is no arguments and no options': (cp) => told(cp.fork(start, null, null)),
  'execArgv null is this process’s': (cp) => told(cp.fork(start, { execArgv: null })),
  'a URL': (cp) => told(cp.fork(pathToFileURL(start))),
  'an option in place of the module, which follows among the arguments': (cp) =>
    told(cp.fork('-r', [speaks, '--no-warnings', start, 'a'], { execArgv: ['--trace-uncaught'], silent: true })),
  'a shell is not used': (cp) => told(cp.fork(start, ['$HOME'], { shell: true })),
  'silent gives streams': (cp) => storyOf(cp.fork(speaks, { silent: true })),
  'stdio goes before silent': async (cp) => {
    const child = cp.fork(speaks, { silent: true, stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
    return [child.stdio.map((stream) => stream !== null), await storyOf(child)];
  },
  'a module that is not there': async (cp) => {
    const { stderr, ...rest } = await storyOf(cp.fork(join(directory, 'none.cjs'), { silent: true }));
    return [stderr.includes('Cannot find module'), rest];
  },
  'timeout and killSignal': (cp) => storyOf(cp.fork(sleeps, { timeout: 1, killSignal: 'SIGKILL' })),
  'signal: has one listener, until the child’s exit': async (cp) => {
    const { signal } = new AbortController();
    const child = cp.fork(echo, { signal });
    const before = getEventListeners(signal, 'abort').length;
    child.disconnect();
    await once(child, 'exit');
    return [before, getEventListeners(signal, 'abort').length];
  },
  'signal: aborted later': async (cp) => {
    const controller = new AbortController();
    const { signal } = controller;
    return storyOf(cp.fork(sleeps, { signal, killSignal: 'SIGKILL' }), () => controller.abort('reason'));
  },
  'signal: aborted': (cp) => storyOf(cp.fork(sleeps, { signal: AbortSignal.abort('reason') })),
  'execPath that is not there': async (cp) => {
    const { events } = await storyOf(cp.fork(echo, { execPath: '/no/such/node', silent: true }));
    return events.map(([event, { spawnargs: _, ...error }]) => [event, error]);
  },
  'what can’t be: the module': (cp) => [
    thrown(() => cp.fork()),
    thrown(() => cp.fork(5)),
    thrown(() => cp.fork('a\0')),
    thrown(() => cp.fork(new URL('http://example.org'))),
  ],
  'what can’t be: arguments and options': (cp) => [
    thrown(() => cp.fork(echo, 'a')),
    thrown(() => cp.fork(echo, [], 'a')),
    thrown(() => cp.fork(echo, [], [])),
    thrown(() => cp.fork(echo, ['\0'])).code,
    thrown(() => cp.fork(echo, { argv0: 'a\0' })),
  ],
  'what can’t be: stdio': (cp) => [
    thrown(() => cp.fork(echo, { stdio: ['pipe', 'pipe', 'pipe'] })),
    thrown(() => cp.fork(echo, { stdio: 'x' })),
  ],
  'what can’t be: execPath': (cp) => thrown(() => cp.fork(echo, { execPath: 'a\0' })),
  'message, disconnect, exit come in this order': async (cp) => {
    const child = cp.fork(echo);
    const events = [];
    for (const name of ['message', 'disconnect', 'exit']) child.on(name, () => events.push(name));
    child.once('message', () => child.disconnect());
    child.send('a');
    await once(child, 'exit');
    return [events, child.connected, child.exitCode];
  },
  'send: its callback, without a message, and after the channel is closed': async (cp) => {
    const child = cp.fork(echo);
    const nothing = thrown(() => child.send()).code;
    const sent = await new Promise((resolve) => child.send('a', (error) => resolve([error, child.connected])));
    const answer = await told(child);
    const late = await new Promise((resolve) => child.send('b', (error) => resolve(factsOf(error))));
    const errors = [];
    child.on('error', (error) => errors.push(factsOf(error)));
    child.disconnect();
    await once(child, 'exit');
    return [nothing, sent, answer, late, errors];
  },
  'send: a server and a socket': async (cp) => {
    const takes = moduleOf(
      'takes',
      `process.on('message', (name, handle) => {
         if (name === 'server') handle.on('connection', (socket) => socket.end('from the child')) && process.send('ready');
         if (name === 'socket') handle.end('taken over', () => process.disconnect());
       })`,
    );
    const child = cp.fork(takes);
    return answersThroughHandles(child);
  },
  'in the child: its channel, main module, and an environment with nothing more': (cp) => {
    const looks = moduleOf(
      'looks',
      `process.send([process.connected, typeof process.channel, require.main === module, module.parent, module.children.length,
        Object.keys(process.env), process.argv.length, process.execArgv])`,
    );
    return told(cp.fork(looks, { env: { A: '1' }, execArgv: [] }));
  },
  'in the child: an ES module': (cp) => {
    const file = join(directory, 'module.mjs');
    writeFileSync(
      file,
      "process.send([import.meta.url.endsWith('module.mjs'), process.argv[1].endsWith('module.mjs')])",
    );
    return told(cp.fork(file));
  },
  'the channel can be let go: unref of both': async (cp) => {
    const child = cp.fork(echo);
    child.channel.unref();
    child.channel.ref();
    child.send('still there');
    return told(child);
  },
  'detached leads a session, uid and gid are the child’s': async (cp) => {
    const who = moduleOf('who', 'process.send([process.getuid(), process.getgid(), process.ppid > 0])');
    return told(cp.fork(who, { detached: true, uid: process.getuid(), gid: process.getgid() }));
  },
  'descriptors above the channel': async (cp) => {
    const writes = moduleOf('writes', "require('node:fs').writeSync(4, 'four')");
    const child = cp.fork(writes, { stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'] });
    return text(child.stdio[4]);
  },
  'an exception in the child is exit code 1': async (cp) => {
    const throws = moduleOf('throws', "throw new Error('of the child')");
    const { stderr, ...rest } = await storyOf(cp.fork(throws, { silent: true }));
    return [stderr.includes('Error: of the child'), rest];
  },
};
