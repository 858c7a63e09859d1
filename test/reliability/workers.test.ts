/** Workers that end before they have used, or freed, what the addon gave them: children, descriptors and a mailbox. */
import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { dist } from '../support/built.js';
import { children } from '../support/children.mjs';
import { failWithoutFilter, marker, profile, program } from '../support/starts.js';
import { until } from '../support/until.mjs';

failWithoutFilter();

const addon = fileURLToPath(new URL('../../build/Release/seccomp.node', import.meta.url));
const start = (stdio: string) =>
  `const child = require(${JSON.stringify(fileURLToPath(dist))}).spawn(
    ${JSON.stringify(program)}, [${JSON.stringify(marker)}, 'e'], ${JSON.stringify(JSON.stringify(profile))}, { stdio: ${stdio} });`;
const descriptors = () => readdirSync('/proc/self/fd').length;
/** Code that defines the sockets that this process holds, as the descriptors of each. */
const SOCKETS = `
    const { readdirSync, readlinkSync } = require('node:fs');
    const sockets = () => {
      const held = {};
      for (const fd of readdirSync('/proc/self/fd')) {
        let link = '';
        try { link = readlinkSync('/proc/self/fd/' + fd); } catch {}
        if (link.startsWith('socket:')) (held[link] ??= []).push(Number(fd));
      }
      return held;
    };`;

/** Runs code in a worker until it posts a message, and then waits for its own end. */
async function inWorker(code: string, whilePaused = (_said: unknown) => {}): Promise<readonly unknown[]> {
  const worker = new Worker(`const { parentPort } = require('node:worker_threads');\n${code}`, { eval: true });
  const said: unknown[] = [];
  worker.on('message', (message) => {
    said.push(message);
    whilePaused(message);
    worker.postMessage('go on');
  });
  await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
  return said;
}

test('pipes for which it has not made streams are closed', async () => {
  const before = descriptors();
  const [told] = await inWorker(`
    const NONE = -1, SOCKET = -3;
    const started = require(${JSON.stringify(addon)}).spawn({
      candidates: ['/bin/true'], args: ['true'], env: '', detached: false, noNewPrivileges: true,
      stdio: [SOCKET, SOCKET, SOCKET, NONE, SOCKET], filters: [], unconfined: true, filterFlags: 0,
    }, () => {});
    parentPort.postMessage(started.sockets);`);
  expect(told).toEqual(expect.arrayContaining([-1, expect.toSatisfy((fd) => fd > 2)]));
  expect(descriptors()).toBe(before);
});

test('descriptors that reuse the numbers of its pipes stay open', async () => {
  const taken: number[] = [];
  const [were] = await inWorker(
    `${SOCKETS}
    const before = sockets();
    ${start("'pipe'")}
    const numbers = Object.entries(sockets()).flatMap(([link, fds]) => (link in before ? [] : fds));
    child.on('close', () => parentPort.postMessage(numbers));
    parentPort.once('message', () => {});`,
    (numbers) => {
      const wanted = numbers as readonly number[];
      while (!taken.some((fd) => wanted.includes(fd)) && taken.length < 100) taken.push(openSync('/dev/null', 'r'));
    },
  );
  expect(taken.filter((fd) => (were as readonly number[]).includes(fd))).not.toEqual([]);
  for (const fd of taken) expect(() => fstatSync(fd)).not.toThrow();
  for (const fd of taken) closeSync(fd);
});

test('a socket for its child is borrowed without a warning, and given back', async () => {
  const before = descriptors();
  const said = await inWorker(`${SOCKETS}
    process.on('warning', (warning) => parentPort.postMessage(warning.message));
    const server = require('node:net').createServer().listen(0, () => {
      const socket = require('node:net').connect(server.address().port, () => {
        ${start("['ignore', socket, 'ignore']")}
        const held = Math.max(...Object.values(sockets()).map((fds) => fds.length));
        child.on('close', (code) => {
          parentPort.postMessage({ code, held });
          process.exit();
        });
      });
    });`);
  expect(said).toEqual([{ code: 0, held: 1 }]);
  expect(descriptors()).toBe(before);
});

test('a mailbox is closed once, by itself or with its worker', async () => {
  const open = `const addon = require(${JSON.stringify(addon)}); const mailbox = addon.openMailbox(() => {});`;
  const said = 'parentPort.postMessage(typeof mailbox);';
  const before = descriptors();
  expect(await inWorker(`${open} ${said}`)).toEqual(['object']);
  expect(
    await inWorker(`${open} addon.closeMailbox(mailbox); addon.closeMailbox(mailbox); ${said} process.exit();`),
  ).toEqual(['object']);
  expect(descriptors()).toBe(before);
});

test('workers that are ended in the middle of their starts leave no zombie and no descriptor', async () => {
  const code = `
    const { parentPort } = require('node:worker_threads');
    const { spawn } = require(${JSON.stringify(fileURLToPath(dist))});
    const start = (how) => spawn(${JSON.stringify(program)}, [${JSON.stringify(marker)}, how], ${JSON.stringify(JSON.stringify(profile))});
    parentPort.postMessage(start('p').pid);
    const more = () => { for (let i = 0; i < 5; i++) start('e').on('close', more); };
    more();`;
  const before = descriptors();
  const pids: number[] = [];
  for (let round = 0; round < 4; round++) {
    const worker = new Worker(code, { eval: true });
    pids.push(await new Promise<number>((resolve, reject) => worker.on('message', resolve).on('error', reject)));
    await worker.terminate();
  }
  // While a thread ends, a list of the children may lack those that it leaves to another thread.
  await until(() => pids.every((pid) => children().includes(pid))); // They are not reported as ended.
  await until(() => {
    for (const pid of children()) process.kill(pid, 'SIGKILL');
    expect(spawnSync(program, [marker, 'e'], profile).status).toBe(0); // A start reaps the children of ended workers.
    return children().length === 0;
  });
  expect(descriptors()).toBe(before);
});
