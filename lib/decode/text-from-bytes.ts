/** Names as the kernel gives them, which are bytes. */

/**
 * Decodes UTF-8. Each byte that is not part of it becomes one of U+DC80 to U+DCFF, which no UTF-8 has, so that different
 * names stay different. Python has the same convention (PEP 383).
 */
export function textFromBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString();
  if (!text.includes('\ufffd')) return text;
  return buffer
    .toString('latin1')
    .replace(CHARACTER, (character, invalid?: string) =>
      invalid === undefined
        ? Buffer.from(character, 'latin1').toString()
        : String.fromCharCode(0xdc00 + invalid.charCodeAt(0)),
    );
}

/** The bytes of a character outside of ASCII, or one byte that belongs to none. Source: table 3-7 of the Unicode standard. */
const CHARACTER =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|([\x80-\xff])/g;
