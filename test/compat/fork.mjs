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
  'gives a ChildProcess with a channel, which can be let go': async (cp) => {
    const child = cp.fork(echo);
    const facts = [child instanceof ChildProcess, child.connected, typeof child.send, typeof child.channel];
    child.channel.unref();
    child.channel.ref();
    child.send({ a: [1, null, 'é'], left: undefined });
    const message = await told(child);
    return [...facts, message, child.connected, await once(child, 'exit')];
  },
  'serialization: advanced': async (cp) => {
    const child = cp.fork(echo, { serialization: 'advanced' });
    child.send(new Map([[1n, new Set(['a'])]]));
    return told(child);
  },
  'serialization: another': (cp) => thrown(() => cp.fork(echo, { serialization: 'x' })),
  'arguments and options, and no shell': (cp) =>
    told(
      cp.fork(start, ['a', 1, 'b c', '$HOME'], { cwd: '/', env: { A: 'b' }, execArgv: ['--no-warnings'], shell: true }),
    ),
  'null is no arguments and no options': (cp) => told(cp.fork(start, null, null)),
  'the URL of an ES module; arguments may be left out before options; execArgv null is this process’s': (cp) => {
    const file = join(directory, 'module.mjs');
    writeFileSync(file, 'process.send([import.meta.url, process.argv[1], process.execArgv])');
    return told(cp.fork(pathToFileURL(file), { execArgv: null }));
  },
  'an option in place of the module, which follows among the arguments': (cp) =>
    told(cp.fork('-r', [echo, '--no-warnings', start, 'a'], { execArgv: ['--trace-uncaught'], silent: true })),
  'silent gives streams, and an exception in the child is exit code 1': async (cp) => {
    const throws = moduleOf('throws', "console.log('out'); throw new Error('of the child')");
    const { stderr, ...rest } = await storyOf(cp.fork(throws, { silent: true }));
    return [stderr.includes('Error: of the child'), rest];
  },
  'a module that is not there': async (cp) => {
    const { stderr, ...rest } = await storyOf(cp.fork(join(directory, 'none.cjs'), { silent: true }));
    return [stderr.includes('Cannot find module'), rest];
  },
  'timeout and killSignal': (cp) => storyOf(cp.fork(sleeps, { timeout: 1, killSignal: 'SIGKILL' })),
  'signal: has one listener, until the child’s exit': async (cp) => {
    const { signal } = new AbortController();
    const child = cp.fork(sleeps, { signal });
    const before = getEventListeners(signal, 'abort').length;
    child.kill();
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
  'send: its callback, without a message, and after the channel is closed; message, disconnect, exit come in this order':
    async (cp) => {
      const child = cp.fork(echo);
      const events = [];
      for (const name of ['message', 'disconnect', 'exit']) child.on(name, () => events.push(name));
      const nothing = thrown(() => child.send()).code;
      const sent = await new Promise((resolve) => child.send('a', (error) => resolve([error, child.connected])));
      const answer = await told(child);
      const late = await new Promise((resolve) => child.send('b', (error) => resolve(factsOf(error))));
      const errors = [];
      child.on('error', (error) => errors.push(factsOf(error)));
      child.disconnect();
      await once(child, 'exit');
      return [nothing, sent, answer, late, errors, events, child.connected, child.exitCode];
    },
  'send: a server and a socket': async (cp) => {
    const takes = moduleOf(
      'takes',
      `process.on('message', (name, handle) => {
         if (name === 'server') handle.on('connection', (socket) => socket.end('from the child')) && process.send('ready');
         if (name === 'socket') handle.end('taken over', () => process.disconnect());
       })`,
    );
    const child = cp.fork(takes, { handles: true });
    return answersThroughHandles(child);
  },
  'in the child: its channel, main module, descriptors, and an environment with nothing more; stdio goes before silent':
    async (cp) => {
      const looks = moduleOf(
        'looks',
        `process.send([process.connected, typeof process.channel, require.main === module, module.parent, module.children.length,
        Object.keys(process.env), process.argv.length, process.execArgv, process.getuid(), process.getgid(), process.ppid > 0]);
       require('node:fs').writeSync(4, 'four'); console.log('out'); console.error('err');`,
      );
      const stdio = ['ignore', 'pipe', 'ignore', 'ipc', 'pipe'];
      const ids = { uid: process.getuid(), gid: process.getgid() };
      const child = cp.fork(looks, { silent: true, stdio, env: { A: '1' }, execArgv: [], detached: true, ...ids });
      const streams = child.stdio.map((stream) => stream !== null);
      return [streams, ...(await Promise.all([told(child), text(child.stdout), text(child.stdio[4])]))];
    },
};
