// sharp from npm: a native library with threads of its own, that draws, resizes and encodes a picture.
import assert from 'node:assert/strict';
import { library } from './library.mjs';

const sharp = library('sharp');
const picture = sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } });
for (const format of ['png', 'jpeg', 'webp']) {
  const data = await picture.clone().resize(16).toFormat(format).toBuffer();
  const { width } = await sharp(data).metadata();
  assert.equal(width, 16);
}
