// node:zlib, sync and in the thread pool.
import assert from 'node:assert/strict';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

const text = Buffer.from('text '.repeat(10_000));
assert.deepEqual(zlib.gunzipSync(zlib.gzipSync(text)), text);
assert.deepEqual(await promisify(zlib.inflate)(await promisify(zlib.deflate)(text)), text);
assert.deepEqual(await promisify(zlib.brotliDecompress)(await promisify(zlib.brotliCompress)(text)), text);
