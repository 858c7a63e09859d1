/**
 * Messages with `serialization: 'advanced'`: the format of node:v8, with Node's own form for its host objects. Node documents
 * the first and not the second; test/sandbox/channel holds it on each Node line.
 */
import type * as V8 from 'node:v8';
import { once } from '../../util/memo.js';

/** Number of bytes that hold the length of a message. */
export const LENGTH_BYTES = 4;

/** The kinds of host objects: a view of an ArrayBuffer, and any other object, whose properties are written. */
const VIEW = 0;
const OTHER = 1;

/** Methods that node:v8 documents for subclasses. */
interface WritesHostObjects {
  _writeHostObject(object: object): void;
}
interface ReadsHostObjects {
  _readHostObject(): unknown;
}

// Loaded with the first message: no other start needs it.
const classes = once(() => {
  const v8 = process.getBuiltinModule('node:v8');
  const DefaultSerializer = v8.DefaultSerializer as new () => V8.DefaultSerializer & WritesHostObjects;
  const DefaultDeserializer = v8.DefaultDeserializer as new (
    bytes: Buffer,
  ) => V8.DefaultDeserializer & ReadsHostObjects;

  class Serializer extends DefaultSerializer {
    override _writeHostObject(object: object): void {
      this.writeUint32(ArrayBuffer.isView(object) ? VIEW : OTHER);
      if (ArrayBuffer.isView(object)) super._writeHostObject(object);
      else this.writeValue({ ...object });
    }
  }

  class Deserializer extends DefaultDeserializer {
    override _readHostObject(): unknown {
      const kind = this.readUint32();
      if (kind === VIEW) return super._readHostObject();
      if (kind !== OTHER) throw new TypeError(`an unknown kind of object, ${kind}`);
      return this.readValue();
    }
  }

  return { Serializer, Deserializer };
});

/** Returns a message with its length before it. */
export function serialize(message: unknown): Buffer {
  const serializer = new (classes().Serializer)();
  serializer.writeRawBytes(Buffer.alloc(LENGTH_BYTES));
  serializer.writeHeader();
  serializer.writeValue(message);
  const bytes = serializer.releaseBuffer();
  bytes.writeUInt32BE(bytes.length - LENGTH_BYTES);
  return bytes;
}

export function deserialize(bytes: Buffer): unknown {
  const deserializer = new (classes().Deserializer)(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}
