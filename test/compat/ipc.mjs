/** child_process.spawn() with a channel: `'ipc'` in `stdio`. */
import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { answersThroughHandles, differs, factsOf, story, thrown } from './tools.mjs';

const directory = process.env.COMPAT_DIRECTORY;
const moduleOf = (name, code) => {
  const file = join(directory, `ipc-${name}.cjs`);
  writeFileSync(file, code);
  return file;
};

const STDIO = ['ignore', 'inherit', 'inherit', 'ipc'];
const node = (cp, file, options) => cp.spawn(process.execPath, [file], { stdio: STDIO, ...options });
/** A shell, whose channel is descriptor 3: JSON, one message a line. */
const shell = (cp, script, options) => cp.spawn('sh', ['-c', script], { stdio: STDIO, ...options });
const echo = (cp, options) => shell(cp, 'exec cat <&3 >&3', options);

/** The first message, of a child that is then disconnected. */
async function told(child) {
  const [message] = await once(child, 'message');
  child.disconnect();
  await once(child, 'exit');
  return message;
}

/** The events of a child in order, until its exit. */
async function eventsOf(child, names, last = 'exit') {
  const events = [];
  for (const name of names) child.on(name, (value) => events.push([name, value instanceof Error ? value.code : value]));
  await new Promise((resolve) => child.once(last, resolve));
  return events;
}

export default {
  'a channel, and its properties': async (cp) => {
    const child = echo(cp);
    const before = [child.connected, typeof child.send, typeof child.disconnect, typeof child.channel.ref, child.stdio];
    child.disconnect();
    const after = [child.connected, child.channel];
    return [before, after, await once(child, 'exit'), child.channel];
  },
  'the methods of the property channel': async (cp) => {
    const child = echo(cp);
    const { channel } = child;
    const methods = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(channel)));
    const names = methods.filter(([, { value }]) => typeof value === 'function').map(([name]) => name);
    channel.refCounted();
    channel.unrefCounted();
    channel.ref();
    channel.refCounted();
    channel.unrefCounted();
    child.send('a');
    return [names.sort(), channel instanceof EventEmitter, await told(child)];
  },
  'without ipc, no channel': async (cp) => {
    const child = cp.spawn('true');
    const { connected, channel, send, disconnect } = child;
    await once(child, 'close');
    return [connected, channel, typeof send, typeof disconnect];
  },
  'messages go both ways': async (cp) => {
    const child = echo(cp);
    const [accepted] = [child.send({ a: [1, null, 'é'], left: undefined })];
    return [accepted, await told(child)];
  },
  'serialization: advanced': async (cp) => {
    const child = echo(cp, { serialization: 'advanced' });
    child.send(new Map([[1n, new Set(['a'])]]));
    return told(child);
  },
  'serialization: another': (cp) => thrown(() => echo(cp, { serialization: 'x' })),
  'in the child: an environment with nothing more, and the descriptors above the channel': async (cp) => {
    const looks = moduleOf(
      'looks',
      `process.send([process.connected, Object.keys(process.env), process.argv.length]); require('node:fs').writeSync(4, 'four')`,
    );
    const child = node(cp, looks, { env: { A: '1' }, stdio: [...STDIO, 'pipe'] });
    return Promise.all([text(child.stdio[4]), told(child)]);
  },
  'the variables of the channel, for any program': async (cp) => {
    const script = 'env | grep NODE_CHANNEL | sort; exec 5>&- 7>&-; ls /proc/self/fd';
    const { stdout } = await story(
      cp.spawn('sh', ['-c', script], {
        env: { NODE_CHANNEL_SERIALIZATION_MODE: 'of the caller', ...process.env },
        stdio: ['ignore', 'pipe', 'inherit', 'ignore', 'ignore', 'ipc'],
        serialization: 'advanced',
      }),
    );
    return stdout.split('\n').filter((line) => line.startsWith('NODE_CHANNEL_FD'));
  },
  'as descriptor 0': (cp) => told(shell(cp, `echo '"hello"' >&0`, { stdio: ['ipc', 'inherit', 'inherit'] })),
  'through a shell': (cp) => told(cp.spawn(`echo '"hello"' >&3`, { shell: true, stdio: STDIO })),
  'early messages wait for a listener': async (cp) => {
    const child = shell(cp, `echo '"early"' >&3; read x <&3`);
    child.send('read by now');
    await once(child, 'exit');
    if (child.connected) await once(child, 'disconnect');
    const messages = [];
    child.on('message', (message) => messages.push(message));
    await new Promise((resolve) => setImmediate(resolve));
    return [messages.length <= 1, child.connected];
  },
  'message, disconnect, exit come in this order, if the child disconnects': async (cp) => {
    const script = `echo '"hello"' >&3; exec 3>&-; read x; exit 7`;
    const child = shell(cp, script, { stdio: ['pipe', 'inherit', 'inherit', 'ipc'] });
    // A child that has nothing else to do may be reported to have ended before its channel is.
    child.once('disconnect', () => child.stdin.end());
    const events = await eventsOf(child, ['spawn', 'message', 'disconnect', 'exit', 'close'], 'close');
    return [events, child.connected, child.exitCode];
  },
  'send: its callback, without a message, and after the channel is closed': async (cp) => {
    const child = echo(cp);
    const nothing = thrown(() => child.send()).code;
    const odd = thrown(() => child.send(Symbol('a'))).code;
    const sent = await new Promise((resolve) => child.send('a', (error) => resolve([error, child.connected])));
    const [answer] = await once(child, 'message');
    child.disconnect();
    const late = await new Promise((resolve) => child.send('b', (error) => resolve(factsOf(error))));
    const errors = [];
    child.on('error', (error) => errors.push(factsOf(error)));
    child.disconnect();
    child.send('c');
    await new Promise((resolve) => child.once('exit', resolve));
    return [nothing, odd, sent, answer, late, errors];
  },
  'send: a server and a socket': async (cp) => {
    const takes = moduleOf(
      'takes',
      `process.on('message', (name, handle) => {
         if (name === 'server') handle.on('connection', (socket) => socket.end('from the child')) && process.send('ready');
         if (name === 'socket') handle.end('taken over', () => process.disconnect());
       })`,
    );
    const child = node(cp, takes, { handles: true });
    return answersThroughHandles(child);
  },
  'receive: a server': async (cp) => {
    const gives = moduleOf(
      'gives',
      `const server = require('node:net').createServer().listen(0, '127.0.0.1', () => process.send('server', server, () => {
         server.close();
         process.disconnect();
       }))`,
    );
    const child = node(cp, gives, { handles: true });
    const [message, handle] = await once(child, 'message');
    const { address } = handle.address();
    handle.close();
    await once(child, 'exit');
    return [message, address];
  },
  'the channel and the child can be let go': async (cp) => {
    const child = echo(cp);
    child.channel.unref();
    child.channel.ref();
    child.unref();
    child.send('still there');
    const [message] = await once(child, 'message');
    child.disconnect();
    return message;
  },
  'kill, timeout and signal': async (cp) => {
    const killed = echo(cp);
    killed.kill('SIGKILL');
    const late = echo(cp, { timeout: 1, killSignal: 'SIGKILL' });
    const aborted = echo(cp, { signal: AbortSignal.abort(), killSignal: 'SIGKILL' });
    const children = [killed, late, aborted];
    return Promise.all(
      children.map(async (child) => {
        // The kernel decides whether the channel's end is seen before the child's.
        const disconnected = new Promise((resolve) => child.once('disconnect', resolve));
        const events = await eventsOf(child, ['error', 'exit', 'close'], 'close');
        await disconnected;
        return events;
      }),
    );
  },
  'two channels, and a channel of spawnSync': (cp) => [
    thrown(() => cp.spawn('true', { stdio: ['ipc', 'ipc'] })),
    thrown(() => cp.spawn('true', { stdio: 'ipc' })),
    thrown(() => cp.spawnSync('true', { stdio: STDIO })),
  ],
  'a program that is not there': differs('`close` comes after `disconnect`', async (cp) => {
    const child = cp.spawn('/no/such/program', { stdio: STDIO });
    const end = new Promise((resolve) => child.once('close', resolve));
    const events = await eventsOf(child, ['error', 'disconnect', 'close'], 'disconnect');
    await end;
    return [events, child.connected];
  }),
};
