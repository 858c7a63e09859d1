/** The ChildProcess: its events, properties and methods. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { Socket } from 'node:net';
import { called, differs, factsOf, story, thrown } from './tools.mjs';

const sleeper = (cp, options) => cp.spawn('sleep', ['60'], options);

/** The events of a child that receives a command once it runs. */
const whenSpawned = (child, act) => story(child, () => once(child, 'spawn').then(() => act(child)));

export default {
  'spawnargs, of arguments that are no texts': differs(
    '`spawnargs` holds the strings',
    (cp) => cp.spawn('echo', [1, true]).spawnargs,
  ),
  'is a ChildProcess and an EventEmitter': async (cp) => {
    const child = cp.spawn('true');
    await story(child);
    return [child instanceof ChildProcess, child instanceof EventEmitter, Object.prototype.toString.call(child)];
  },
  'spawn, exit, close come in this order': (cp) => story(cp.spawn('sh', ['-c', 'echo a'])),
  'spawn is not emitted before the next tick': async (cp) => {
    const child = cp.spawn('true');
    const order = [];
    child.on('spawn', () => order.push('spawn'));
    process.nextTick(() => order.push('tick'));
    order.push('after');
    await story(child);
    return order;
  },
  'spawn comes before data': async (cp) => {
    const order = [];
    const child = cp.spawn('echo', ['a']);
    child.stdout.on('data', () => order.push('data'));
    child.on('spawn', () => order.push('spawn'));
    await story(child);
    return order;
  },
  'error without spawn or exit if it can’t be started': (cp) => story(cp.spawn('no-such-command')),
  'a child that can’t be started has no pid, and streams': async (cp) => {
    const child = cp.spawn('no-such-command');
    const streams = child.stdio.map((stream) => stream !== null);
    const { pid } = child;
    await story(child);
    return { pid, streams, exitCode: child.exitCode, kill: child.kill(), killed: child.killed };
  },
  'error of a child that nobody listens to is thrown': async (cp) => {
    const child = cp.spawn('no-such-command');
    const [error] = await once(process, 'uncaughtException');
    return [factsOf(error), child.listenerCount('error')];
  },
  'exit: the code, and null': (cp) => story(cp.spawn('sh', ['-c', 'exit 7'])),
  'exit: 255 is the largest code': (cp) => story(cp.spawn('sh', ['-c', 'exit 255'])),
  'exit: null, and the signal': (cp) => story(cp.spawn('sh', ['-c', 'kill -USR1 $$'])),
  'exit: a signal that has no name': differs('A signal without a name', async (cp) => {
    const { events } = await story(cp.spawn('bash', ['-c', 'kill -40 $$']));
    return events;
  }),
  'exit: a core-dumping signal': (cp) => story(cp.spawn('sh', ['-c', 'ulimit -c 0; kill -ABRT $$'])),
  'close waits for those who share its streams': async (cp) => {
    // The grandchild continues when stdin ends, which Node closes after the event exit.
    const child = cp.spawn('sh', ['-c', 'exec 3<&0; (cat <&3; echo late) & exit 3']);
    const order = [];
    child.on('exit', () => order.push('exit'));
    child.stdout.on('data', (data) => order.push(String(data)));
    child.on('close', () => order.push('close'));
    await story(child);
    return order;
  },
  'close without streams': (cp) => story(cp.spawn('true', { stdio: 'ignore' })),
  'a stopped child has not ended': async (cp) => {
    const child = cp.spawn('sh', ['-c', 'kill -STOP $$; exit 4']);
    const stopped = async () => {
      const { readFileSync } = await import('node:fs');
      while (!/State:\tT/.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'))) await new Promise(setImmediate);
      const seen = [child.exitCode, child.signalCode];
      child.kill('SIGCONT');
      return seen;
    };
    const [seen, told] = await Promise.all([stopped(), story(child)]);
    return [seen, told];
  },

  'own properties of a child that runs': async (cp) => {
    const child = cp.spawn('cat', ['-'], { argv0: 'dog' });
    const { exitCode, signalCode, killed, connected, channel, spawnfile, spawnargs } = child;
    const before = { exitCode, signalCode, killed, connected, channel, spawnfile, spawnargs, pid: typeof child.pid };
    const stdio = child.stdio.length === 3 && child.stdio[0] === child.stdin && child.stdio[2] === child.stderr;
    child.stdin.end();
    return { before, stdio, after: await story(child) };
  },
  'without a channel there is no send and no disconnect': async (cp) => {
    const child = cp.spawn('true');
    await story(child);
    return [typeof child.send, typeof child.disconnect, child.channel, child.connected];
  },
  'pid stays after the end': async (cp) => {
    const child = cp.spawn('sh', ['-c', 'echo $$']);
    const { stdout } = await story(child);
    return Number(stdout) === child.pid;
  },
  'spawnfile and spawnargs of a shell': async (cp) => {
    const child = cp.spawn('echo a', ['b'], { shell: true });
    await story(child);
    return [child.spawnfile, child.spawnargs];
  },

  'kill: SIGTERM by default': (cp) => whenSpawned(sleeper(cp), (child) => child.kill()),
  'kill: by name, in any case': (cp) => whenSpawned(sleeper(cp), (child) => child.kill('sigkill')),
  'kill: by number': (cp) => whenSpawned(sleeper(cp), (child) => child.kill(2)),
  'kill: at once': (cp) => {
    const child = sleeper(cp);
    child.kill();
    return story(child);
  },
  'kill: 0 asks whether it is there': async (cp) => {
    const child = sleeper(cp);
    const seen = [child.kill(0), child.killed];
    child.kill('SIGKILL');
    const { events } = await story(child);
    return [seen, events, child.kill(0)];
  },
  'kill: false after the end, and then not killed': async (cp) => {
    const child = cp.spawn('true');
    await story(child);
    return [child.kill(), child.killed];
  },
  'kill: killed even if the signal is ignored': async (cp) => {
    const child = cp.spawn('sh', ['-c', 'trap "" TERM; echo ready; read x; exit 5']);
    await once(child.stdout, 'data');
    const sent = child.kill();
    child.stdin.end('go\n');
    return [sent, await story(child)];
  },
  'kill: a handler in the child': async (cp) => {
    const script = `trap 'kill $!; echo caught; exit 6' USR2; sleep 60 >/dev/null 2>&1 & echo ready; wait`;
    const child = cp.spawn('sh', ['-c', script]);
    await once(child.stdout, 'data');
    child.kill('SIGUSR2');
    return story(child);
  },
  'kill: unknown signals': async (cp) => {
    const child = cp.spawn('cat');
    const seen = ['SIGNONE', 'TERM', '', 999, -1, 1.5, null, {}, true].map((signal) =>
      thrown(() => child.kill(signal)),
    );
    const { killed } = child;
    child.stdin.end();
    await story(child);
    return [seen, killed];
  },
  'kill: undefined is SIGTERM': (cp) => whenSpawned(sleeper(cp), (child) => child.kill(undefined)),
  'Symbol.dispose kills by SIGTERM': async (cp) => {
    const child = sleeper(cp);
    child[Symbol.dispose]();
    return story(child);
  },
  'Symbol.dispose after kill does nothing more': async (cp) => {
    const child = sleeper(cp);
    child.kill('SIGKILL');
    child[Symbol.dispose]();
    return story(child);
  },
  'ref and unref give nothing, and work after the end': async (cp) => {
    const child = cp.spawn('true');
    const before = [child.unref(), child.ref()];
    await story(child);
    return [before, child.ref(), child.unref()];
  },
  'listeners can be removed, and once is once': async (cp) => {
    const child = cp.spawn('true');
    const seen = [];
    const listener = () => seen.push('removed');
    child.on('exit', listener);
    child.off('exit', listener);
    child.once('exit', (code) => seen.push(code));
    await story(child);
    return seen;
  },
  'many at once': async (cp) => {
    const children = Array.from({ length: 20 }, (_, i) => cp.spawn('sh', ['-c', `echo ${i}; exit ${i}`]));
    return (await Promise.all(children.map((child) => story(child)))).map(({ stdout, exitCode }) => [stdout, exitCode]);
  },
  'events and callbacks keep the AsyncLocalStorage of the call': (cp) => {
    const storage = new AsyncLocalStorage();
    return storage.run('of the call', async () => {
      const seen = [];
      const note = (name) => () => seen.push(`${name}: ${storage.getStore()}`);
      const noted = (child, ...names) => {
        for (const name of names) child.on(name, note(name));
        return child;
      };
      const child = noted(cp.spawn('sh', ['-c', 'echo a']), 'spawn', 'exit', 'close');
      child.stdout.on('data', note('data')).on('close', note('stdout closed'));
      await story(child);
      await story(noted(cp.spawn('true', { stdio: 'ignore' }), 'spawn', 'exit', 'close'));
      await story(noted(cp.spawn('sleep', ['60'], { timeout: 20, stdio: 'ignore' }), 'exit', 'close'));
      await story(noted(cp.spawn('no-such-command'), 'error', 'close'));
      await called((callback) => cp.execFile('echo', ['a'], (...results) => callback(...results, note('execFile')())));
      await called((callback) => cp.exec('exit 3', (...results) => callback(...results, note('exec')())));
      return seen.toSorted();
    });
  },
  'its streams are sockets': async (cp) => {
    const child = cp.spawn('true', { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    const facts = (stream) => [
      stream instanceof Socket,
      ...[stream.readable, stream.writable, stream.allowHalfOpen, stream.destroyed, stream.connecting, stream.pending],
      ...[stream.readyState, stream.readableHighWaterMark, stream.writableHighWaterMark],
    ];
    const running = child.stdio.map(facts);
    await story(child);
    return [running, child.stdio.map(facts), child.stdio.map(({ closed, errored }) => [closed, errored])];
  },
  'an exception in a listener is uncaught, and the child ends all the same': differs('`close` follows', async (cp) => {
    const child = cp.spawn('true', { stdio: 'ignore' });
    child.on('exit', () => {
      throw new Error('of the listener');
    });
    let closed = 'no close';
    child.on('close', () => {
      closed = 'close';
    });
    const [error] = await once(process, 'uncaughtException');
    await story(cp.spawn('true', { stdio: 'ignore' })); // `close` of the first would have come before this child's.
    return [error.message, closed];
  }),
  'subprocess.stdin, stdout and stderr are null without a pipe': async (cp) => {
    const child = cp.spawn('true', { stdio: ['ignore', 'inherit', 'pipe'] });
    await story(child);
    return [child.stdin, child.stdout, child.stderr === child.stdio[2], child.stdio.length];
  },
};
