// Runs a plugin in a process that can open no file, socket or program. The plugin asks this process for files by name,
// and gets the text of those on a list. It never names a path, so there is no path to check.
import { readFile } from 'node:fs/promises';
import { fork } from 'seccomp';

const here = (name) => new URL(name, import.meta.url);

/** Whatever plugins may read, by the name that they use. */
const files = new Map([['license', here('../LICENSE')]]);

// The built-in keeps Node from creating io_uring instances, which the runner could not close later.
const plugin = fork(here('plugin-runner.mjs'), 'node-no-exec', {
  execArgv: ['--max-old-space-size=64'],
  timeout: 5000,
  killSignal: 'SIGKILL',
});

/** With a callback, a plugin that has closed its channel causes no uncaught error here. */
const send = (message) => plugin.send(message, () => {});

// A message can be anything, since it comes from code that is not trusted.
plugin.on('message', async (message) => {
  const { id, name, result } = Object(message);
  const file = files.get(name);
  if (result !== undefined) {
    console.dir(result);
    plugin.kill('SIGKILL'); // Node answers SIGTERM by signaling itself, which `compute` denies.
  } else if (file === undefined) {
    send({ id, error: 'not available to plugins' });
  } else {
    send({ id, text: await readFile(file, 'utf8') });
  }
});
send({ source: await readFile(here('plugin-sample.mjs'), 'utf8') });
