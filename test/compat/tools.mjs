/** What the scripts of this folder tell about children: facts that two implementations can be compared by. */
import { createHook } from 'node:async_hooks';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Marks a behavior that differs on purpose; `row` begins the line in docs/reference/child-process.md that gives the reason. */
export const differs = (row, body) => Object.assign(body, { row });

/** An error with its documented properties; `call` is this package's own. */
export function factsOf(error) {
  if (!(error instanceof Error)) return error;
  const { call: _, ...properties } = error;
  const cause = error.cause instanceof Error ? { cause: factsOf(error.cause) } : {};
  const kind = [TypeError, RangeError, Error].find((each) => error instanceof each).name;
  return { kind, name: error.name, message: error.message, ...properties, ...cause };
}

/** The error that a function throws. */
export function thrown(run) {
  try {
    run();
  } catch (error) {
    return factsOf(error);
  }
  return 'nothing thrown';
}

/** Only what stays the same from one Node to the next. */
export function thrownCode(run) {
  const { kind, code } = thrown(run);
  return { kind, code };
}

/** Everything observable of a child until `close`: its events in order, its output, and its final state. */
export async function story(child, during = () => {}) {
  const events = [];
  const output = { stdout: '', stderr: '' };
  child.on('spawn', () => events.push('spawn'));
  child.on('exit', (...parameters) => events.push(['exit', ...parameters]));
  child.on('error', (error) => events.push(['error', factsOf(error)]));
  child.on('close', (...parameters) => events.push(['close', ...parameters]));
  for (const name of ['stdout', 'stderr']) {
    child[name]?.setEncoding('utf8').on('data', (chunk) => {
      output[name] += chunk;
    });
  }
  await Promise.all([new Promise((resolve) => child.once('close', resolve)), during(child)]);
  const { exitCode, signalCode, killed, spawnfile, spawnargs, connected } = child;
  return { events, ...output, exitCode, signalCode, killed, spawnfile, spawnargs, connected, hasPid: child.pid > 0 };
}

/** The child's standard output and, unless it exited with 0 and without an error, how it ended. */
export async function output(child) {
  const { stdout, stderr, events, exitCode } = await story(child);
  const isClean = exitCode === 0 && events.every(([name]) => name !== 'error');
  return isClean ? stdout : { stdout, stderr, events };
}

/** What a callback of exec or execFile is given. */
export function called(start) {
  return new Promise((resolve) => {
    start((error, stdout, stderr) => resolve({ error: factsOf(error), stdout, stderr }));
  });
}

/** Calls a function, and returns its result and the timers that it has started. */
function withTimersOf(run) {
  const timers = [];
  const init = (_id, type, _trigger, resource) => type === 'Timeout' && timers.push(resource);
  const hook = createHook({ init }).enable();
  const result = run();
  hook.disable();
  return [result, timers];
}

/** The longest timeout that there is, in milliseconds: 24 days. */
const LONGEST = 2 ** 31 - 1;

/**
 * Starts a child with a timeout that does not elapse by itself. Returns the child, and a function that lets the timeout
 * elapse now, as if the time had passed, and returns the timers that are started by that. Fake timers of `node:test`
 * would not do: Node's own child_process does not see them.
 */
export function withTimeout(start) {
  const [child, timers] = withTimersOf(() => start(LONGEST));
  const timer = timers.find(({ _idleTimeout }) => _idleTimeout === LONGEST);
  const elapse = () => {
    const { _onTimeout } = timer; // Null if the timer was cleared.
    clearTimeout(timer);
    return withTimersOf(() => _onTimeout?.call(timer))[1];
  };
  return [child, elapse];
}

/** A FIFO, and a function that ends the waiting of the program that reads a line from it. */
export function barrier(name) {
  const path = join(process.env.COMPAT_DIRECTORY, `${name}.fifo`);
  execFileSync('mkfifo', [path]);
  const writer = openSync(path, 'r+'); // Does not wait for a reader.
  return { path, open: () => writeSync(writer, '\n') };
}

/** What becomes of a promise. */
export const settled = (promise) =>
  promise.then(
    (value) => ({ value }),
    (error) => ({ error: factsOf(error) }),
  );

/** Ids for a child: others than this process's, or its own, where it may take no others. */
export const IDS = process.getuid() === 0 ? { uid: 1, gid: 1 } : { uid: process.getuid(), gid: process.getgid() };

/** Sends a server and a connection to a child, and returns what clients of both read; then ends the child. */
export async function answersThroughHandles(child) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  child.send('server', server);
  await once(child, 'message');
  server.close();
  const first = await text(connect(port, '127.0.0.1'));
  const own = createServer({ pauseOnConnect: true }, (socket) => child.send('socket', socket)).listen(0, '127.0.0.1');
  await once(own, 'listening');
  const second = await text(connect(own.address().port, '127.0.0.1'));
  own.close();
  child.kill();
  await once(child, 'exit');
  return [first, second];
}
