/** Messages from the bytes that arrive on a channel. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  INCOMPLETE,
  LONGEST_MESSAGE,
  MessageReader,
  NotAMessage,
  type Serialization,
} from '../../../lib/sandbox/channel/message-reader.js';
import { serialize } from '../../../lib/sandbox/channel/serialized-messages.js';

const BOTH = ['json', 'advanced'] as const;

const encoded = (serialization: Serialization, message: unknown) =>
  serialization === 'json' ? Buffer.from(`${JSON.stringify(message)}\n`) : serialize(message);

/** All messages that can be read. */
function read(reader: MessageReader): unknown[] {
  const messages: unknown[] = [];
  for (;;) {
    const message = reader.next(() => false);
    if (message === INCOMPLETE) return messages;
    messages.push(message);
  }
}

describe.each(BOTH)('%s', (serialization) => {
  test('messages are read, wherever the bytes are divided', () => {
    const messages = fc.array(fc.jsonValue({ depthSize: 'small' }), { maxLength: 5 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (all, sizes) => {
        const bytes = Buffer.concat(all.map((each) => encoded(serialization, each)));
        const reader = new MessageReader(serialization);
        const found: unknown[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          const memory = Buffer.from(bytes.subarray(at, at + size));
          reader.add(memory);
          found.push(...read(reader));
          memory.fill(0); // It is used again.
          at += size;
        }
        expect(found).toEqual(all.map((each) => read(once(serialization, each))[0]));
        expect(reader.size).toBe(0);
      }),
    );
  });

  test('a message is not longer than the limit', () => {
    const reader = new MessageReader(serialization);
    reader.add(serialization === 'json' ? Buffer.alloc(LONGEST_MESSAGE, 'x') : lengthOf(LONGEST_MESSAGE));
    expect(reader.next(() => false)).toBe(INCOMPLETE);
    const longer = new MessageReader(serialization);
    longer.add(serialization === 'json' ? Buffer.alloc(LONGEST_MESSAGE + 1, 'x') : lengthOf(LONGEST_MESSAGE + 1));
    expect(() => longer.next(() => false)).toThrow(new NotAMessage('a message of more than 16 MiB'));
  });
});

function once(serialization: Serialization, message: unknown) {
  const reader = new MessageReader(serialization);
  reader.add(encoded(serialization, message));
  return reader;
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

test('a line that is no JSON, and bytes that node:v8 cannot read, are no messages', () => {
  const line = new MessageReader('json');
  line.add(Buffer.from('{"a":\n'));
  expect(() => line.next(() => false)).toThrow(new NotAMessage('a line that is not JSON'));
  const serialized = new MessageReader('advanced');
  serialized.add(Buffer.concat([lengthOf(3), Buffer.from([0xff, 0x0f, 0x5c])]));
  expect(() => serialized.next(() => false)).toThrow(NotAMessage);
});
