/** child_process.fork(): the module, its channel, its options. `spawnargs` is left out: ours names the preload. */
import { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { story, thrown } from './tools.mjs';

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
  ],
  'what can’t be: stdio': (cp) => [
    thrown(() => cp.fork(echo, { stdio: ['pipe', 'pipe', 'pipe'] })),
    thrown(() => cp.fork(echo, { stdio: 'x' })),
  ],
  'what can’t be: execPath': (cp) => thrown(() => cp.fork(echo, { execPath: 'a\0' })),
};
