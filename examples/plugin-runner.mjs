// plugin-host.mjs forks this file. It gives up everything but computing, and then runs the plugin.
import { harden } from 'seccomp';

const requests = [];

/** Asks the host for a file. */
function readFile(name) {
  return new Promise((resolve, reject) => {
    process.send({ id: requests.push({ resolve, reject }) - 1, name });
  });
}

process.on('message', async ({ id, text, error, source }) => {
  if (source === undefined) {
    if (error === undefined) requests[id].resolve(text);
    else requests[id].reject(new Error(error));
    return;
  }
  harden('compute');
  const plugin = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  process.send({ result: await plugin.default({ readFile }) });
});
