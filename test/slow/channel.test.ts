/** 20 children at once, each of which sends and receives 5,000 messages, and some of which are killed. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fork } from '../../lib/sandbox/fork.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const CHILDREN = 20;
const MESSAGES = 5000;

const module = join(temporaryFolder('seccomp-channel-'), 'module.cjs');
writeFileSync(
  module,
  `let next = 0;
   process.on('message', (i) => {
     if (i !== next++) throw new Error('out of order');
     process.send({ own: i });
     process.send({ answer: i }, () => i === ${MESSAGES - 1} && process.disconnect());
   });`,
);

interface Message {
  readonly own?: number;
  readonly answer?: number;
}

/** The number of complete pairs of messages, which come in order, each once. */
async function pairsOf(serialization: 'json' | 'advanced', killedAfter: number): Promise<number> {
  const child = fork(module, 'docker-default', { serialization });
  let count = 0;
  child.on('error', () => {}); // Messages to a child that is killed are lost.
  child.on('message', ({ own, answer }: Message) => {
    expect(count % 2 === 0 ? own : answer).toBe(Math.floor(count / 2));
    count++;
    if (count === killedAfter) child.kill('SIGKILL');
  });
  for (let i = 0; i < MESSAGES; i++) child.send(i, () => {});
  await once(child, 'close'); // `exit` may come before the last of so many messages.
  return Math.floor(count / 2);
}

test.each(['json', 'advanced'] as const)(
  '%s: no message is lost, none comes twice, all are in order',
  async (format) => {
    const children = Array.from({ length: CHILDREN }, (_, i) => (i % 3 === 0 ? i * 200 + 1 : Number.POSITIVE_INFINITY));
    const pairs = await Promise.all(children.map((killedAfter) => pairsOf(format, killedAfter)));
    for (const [i, killedAfter] of children.entries()) {
      if (killedAfter === Number.POSITIVE_INFINITY) expect(pairs[i]).toBe(MESSAGES);
      else expect(pairs[i]).toBeGreaterThanOrEqual(Math.floor(killedAfter / 2));
    }
  },
);
