/** In a guest: restricts the paths of a Node that has threads already, and prints what each of them may read then. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { harden } from 'seccomp';

const SECRET = '/etc/passwd';
const codeOf = async (read) => {
  try {
    await read();
    return 'read';
  } catch ({ code }) {
    return code;
  }
};

const worker = new Worker(
  `const { parentPort } = require('node:worker_threads');
  const { readFileSync } = require('node:fs');
  parentPort.on('message', () => {
    let code = 'read';
    try { readFileSync(${JSON.stringify(SECRET)}); } catch (error) { code = error.code; }
    parentPort.postMessage(code);
    parentPort.close();
  });`,
  { eval: true },
);
await once(worker, 'online');
await readFile(SECRET); // The threads of the pool exist now.

let message, hardened;
try {
  hardened = harden('unconfined', { paths: { read: ['/home'] } });
} catch (error) {
  ({ message } = error);
}
const answer = once(worker, 'message');
worker.postMessage('');
const [thread] = await answer;
process.stdout.write(
  JSON.stringify({
    message,
    by: hardened?.paths?.by,
    main: await codeOf(() => readFileSync(SECRET)),
    pool: await Promise.all(Array.from({ length: 8 }, () => codeOf(() => readFile(SECRET)))),
    worker: thread,
    granted: await codeOf(() =>
      readFile('/home/user/.profile').catch((error) => error.code !== 'ENOENT' && Promise.reject(error)),
    ),
  }),
);
