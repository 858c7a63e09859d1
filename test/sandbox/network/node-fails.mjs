/** Tries to reach the network in several ways. Prints each error, and ends with status 1. */

import { lookup } from 'node:dns';
import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';

const ways = [
  () => once(get('http://127.0.0.1:1'), 'response'),
  () => new Promise((_, reject) => lookup('nowhere.example', (error) => reject(error ?? new Error('no error')))),
  () => once(createServer().listen(0), 'listening'),
  () => once(createServer().listen('/tmp/nowhere/x'), 'listening'),
];
for (const way of ways) {
  const message = await way().then(
    () => 'no error',
    (error) => error.message,
  );
  console.error(message);
}
process.exitCode = 1;
process.exit();
