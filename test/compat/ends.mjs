/** Timeouts, AbortSignals, and children that this process does not wait for. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { barrier, called, differs, factsOf, output, settled, story, withTimeout } from './tools.mjs';

const sleeper = (cp, options) => cp.spawn('sleep', ['60'], options);

const execFile = (cp, ...parameters) => called((callback) => cp.execFile(...parameters, callback));

/** The result of execFile for a shell script whose timeout elapses when `isReady` resolves. */
async function execFileUntil(cp, isReady, script) {
  let started;
  const result = called((callback) => {
    started = withTimeout((timeout) => cp.execFile('sh', ['-c', script], { timeout }, callback));
  });
  const [child, elapse] = started;
  await isReady(child);
  elapse();
  return result;
}
const hasWritten = (child) => once(child.stdout, 'data');
const hasWrittenAndEnded = (child) => Promise.all([hasWritten(child), once(child, 'exit')]);

/** Runs a script in a separate process, with the same implementation, and returns its output. */
function elsewhere(cp, script) {
  const implementation = process.argv[2];
  const library = JSON.stringify(fileURLToPath(new URL('../../dist/index.js', import.meta.url)));
  const made =
    implementation === 'node'
      ? "import * as cp from 'node:child_process';"
      : `import { Sandbox } from ${library}; const cp = new Sandbox('${implementation}');`;
  return story(cp.spawn(process.execPath, ['--input-type=module', '-e', `${made}\n${script}`])).then(
    ({ stdout, stderr, exitCode, signalCode }) => ({ stdout, stderr, exitCode, signalCode }),
  );
}

export default {
  'timeout: the child is ended by SIGTERM': (cp) => story(sleeper(cp, { timeout: 30 })),
  'timeout: by killSignal': (cp) => story(sleeper(cp, { timeout: 30, killSignal: 'SIGKILL' })),
  'timeout: not reached': (cp) => story(cp.spawn('true', { timeout: 60_000 })),
  'timeout: 0, null and undefined are none': async (cp) => [
    await story(cp.spawn('true', { timeout: 0 })),
    await story(cp.spawn('true', { timeout: null })),
    await story(cp.spawn('true', { timeout: undefined })),
  ],
  'timeout: a child that can’t be started': (cp) => story(cp.spawn('no-such-command', { timeout: 30 })),
  'timeout of execFile: killed and signal': (cp) => execFile(cp, 'sleep', ['60'], { timeout: 30 }),
  'timeout of execFile: by killSignal': (cp) => execFile(cp, 'sleep', ['60'], { timeout: 30, killSignal: 'SIGINT' }),
  'timeout of execFile: what was written before is there': (cp) =>
    execFileUntil(cp, hasWritten, 'echo before; exec sleep 60'),
  'timeout of execFile: a child that ends well in spite of it': (cp) =>
    execFileUntil(cp, hasWritten, `trap 'kill $!; exit 0' TERM; sleep 60 >/dev/null 2>&1 & echo ready; wait`),
  'timeout of exec': (cp) => called((callback) => cp.exec('exec sleep 60', { timeout: 30 }, callback)),
  'timeout: a child that survives killSignal': differs('SIGKILL follows a `timeout`', (cp) => {
    const options = { killSignal: 'SIGWINCH', forceKillAfter: 20 }; // Node ignores the last.
    const [child, elapse] = withTimeout((timeout) => cp.spawn('sh', ['-c', 'read x; exit 3'], { ...options, timeout }));
    return story(child, () => {
      if (elapse().length === 0) child.stdin.end(); // No timer was started that will end the child.
    });
  }),
  'timeout: pipes that a grandchild holds': differs('Pipes of a child that was ended by a timeout', (cp) => {
    const { path, open } = barrier('held');
    const script = `(read x <${path}; echo late) & echo ready; exec sleep 60`;
    const [child, elapse] = withTimeout((timeout) => cp.spawn('sh', ['-c', script], { timeout }));
    child.stdout.once('data', elapse);
    child.once('exit', open);
    return output(child);
  }),
  'timeout of execFile: a grandchild that holds the pipes of a child that ended well': (cp) =>
    execFileUntil(cp, hasWrittenAndEnded, 'cat <&1 >/dev/null & echo soon'),
  'timeout: not for a grandchild that holds the pipes of a child that ended well': (cp) => {
    const { path, open } = barrier('not-held');
    const script = `(read x <${path}; echo late) & echo soon`;
    const [child, elapse] = withTimeout((timeout) => cp.spawn('sh', ['-c', script], { timeout }));
    child.once('exit', () => [elapse(), open()]);
    return output(child);
  },
  'killSignal: null and undefined are SIGTERM': async (cp) => [
    (await story(sleeper(cp, { timeout: 30, killSignal: null }))).signalCode,
    (await story(sleeper(cp, { timeout: 30, killSignal: undefined }))).signalCode,
  ],

  'signal: an AbortError by the event error': (cp) => {
    const controller = new AbortController();
    const child = sleeper(cp, { signal: controller.signal });
    return story(child, () => controller.abort());
  },
  'signal: with a reason': (cp) => {
    const controller = new AbortController();
    const child = sleeper(cp, { signal: controller.signal });
    return story(child, () => controller.abort(new Error('enough')));
  },
  'signal: aborted before': (cp) => story(sleeper(cp, { signal: AbortSignal.abort() })),
  'signal: by killSignal': (cp) => story(sleeper(cp, { signal: AbortSignal.abort(), killSignal: 'SIGKILL' })),
  'signal: AbortSignal.timeout': async (cp) => {
    const { events, ...rest } = await story(sleeper(cp, { signal: AbortSignal.timeout(30) }));
    return [events.map(([name, detail]) => detail?.code ?? name), rest];
  },
  'signal: aborted after the end': async (cp) => {
    const controller = new AbortController();
    const child = cp.spawn('true', { signal: controller.signal });
    const told = await story(child);
    controller.abort();
    return told;
  },
  'signal: undefined': (cp) => story(cp.spawn('true', { signal: undefined })),
  'signal: no listener stays at the end': async (cp) => {
    const { getEventListeners } = await import('node:events');
    const { signal } = new AbortController();
    const child = cp.spawn('cat', { signal });
    const during = getEventListeners(signal, 'abort').length;
    child.stdin.end();
    await story(child);
    return [during, getEventListeners(signal, 'abort').length];
  },
  'signal of execFile': async (cp) => {
    const controller = new AbortController();
    const result = execFile(cp, 'sleep', ['60'], { signal: controller.signal });
    controller.abort();
    return result;
  },
  'signal of execFile, aborted before': (cp) => execFile(cp, 'sleep', ['60'], { signal: AbortSignal.abort() }),
  'signal of one child for several': async (cp) => {
    const controller = new AbortController();
    const children = [1, 2, 3].map(() => sleeper(cp, { signal: controller.signal }));
    const stories = children.map((child) => story(child));
    controller.abort();
    return (await Promise.all(stories)).map(({ signalCode }) => signalCode);
  },
  'a promise of once(child) can be aborted, the child stays': async (cp) => {
    const child = cp.spawn('cat');
    const waited = await settled(once(child, 'exit', { signal: AbortSignal.timeout(30) }));
    child.stdin.end();
    return [waited.error.name, (await story(child)).exitCode];
  },

  'a process warns once of arguments beside a shell, hands on its descriptors, and waits for what is not unref’d': (
    cp,
  ) =>
    elsewhere(
      cp,
      `import { once } from 'node:events';
      process.removeAllListeners('warning'); // Node's own writes the process ID.
      process.on('warning', ({ name, code, message }) => console.log(name, code, message));
      for (const shell of [true, '/bin/sh']) cp.spawnSync('true', ['a'], { shell });
      await new Promise(setImmediate); // The warning is printed before what children print.

      const script = (name) => 'echo ' + name + ' out; echo ' + name + ' err >&2';
      await once(cp.spawn('sh', ['-c', script('spawn')], { stdio: 'inherit' }), 'close');
      cp.spawnSync('sh', ['-c', script('spawnSync')], { stdio: 'inherit' });
      cp.execSync(script('execSync'), { stdio: 'inherit' });
      console.log('returned: ' + cp.execSync(script('execSync with a pipe')));
      const stdio = ['ignore', process.stdout, process.stderr];
      await once(cp.spawn('sh', ['-c', script('streams')], { stdio }), 'close');

      const child = cp.spawn('sh', ['-c', 'exit 4'], { stdio: 'inherit' });
      child.on('exit', (code) => { console.log('waited', code); unrefAndRef(); });
      function unrefAndRef() {
        const child = cp.spawn('sh', ['-c', 'exit 5'], { stdio: 'ignore' }); child.unref(); child.ref();
        child.on('exit', (code) => { console.log('waited', code); openPipes(); });
      }
      function openPipes() {
        // When the child is told to write, nothing but its stdout keeps this process.
        const child = cp.spawn('sh', ['-c', 'read x; echo a']); child.unref();
        child.stdout.on('data', (data) => console.log(String(data))).on('close', letGo);
        setImmediate(() => child.stdin.write('go\\n'));
      }
      function letGo() {
        const child = cp.spawn('sleep', ['60'], { stdio: 'ignore', detached: true }); child.unref();
        const piped = cp.spawn('sleep', ['60']); piped.unref();
        for (const stream of piped.stdio) stream.unref();
        // The child's stdin ends with this process.
        const outlives = cp.spawn('sh', ['-c', 'read x; echo outlived'], { stdio: ['pipe', 'inherit', 'inherit'], detached: true });
        outlives.unref(); outlives.stdin.unref();
        process.on('exit', () => {
          console.log('not waited', child.exitCode, piped.exitCode, outlives.exitCode);
          child.kill('SIGKILL'); piped.kill('SIGKILL');
        });
      }`,
    ),
  'a grandchild has the parent’s streams': (cp) => output(cp.spawn('sh', ['-c', 'sh -c "echo grandchild"'])),
  'zombies do not stay': async (cp) => {
    const child = cp.spawn('true');
    await story(child);
    try {
      process.kill(child.pid, 0);
      return 'still there';
    } catch (error) {
      return factsOf(error).code;
    }
  },
};
