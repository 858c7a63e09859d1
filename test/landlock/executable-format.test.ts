/** The format of a file, which says what the kernel starts to run it. */
import { describe, expect, test } from 'vitest';
import { formatOf } from '../../lib/landlock/programs/executable-format.js';

/** The format of a file with this content, and the parts of it that were read: `position length`. */
function read(content: Buffer) {
  const parts: string[] = [];
  const format = formatOf((position, length) => {
    parts.push(`${position} ${length}`);
    return content.subarray(position, position + length);
  });
  return { format, parts };
}

const UNKNOWN = { kind: 'unknown' };
const script = (interpreter: string) => ({ kind: 'script', interpreter });
const elf = (interpreter?: string) => ({ kind: 'elf', interpreter });

/** A path with so many characters. */
const long = (size: number) => `/${'n'.repeat(size - 1)}`;

// The kernel reads 256 bytes, and needs the end of the name in them.
test.each<[string, string, object]>([
  ['a name', '#!/bin/sh\n', script('/bin/sh')],
  ['blanks before it and an argument', '#! \t /bin/sh\t-e \n', script('/bin/sh')],
  ['a relative name', '#!sh\n', script('sh')],
  ['a name that is not ASCII', '#!/é\n', script('/é')],
  ['two lines', '#!/a\n/b', script('/a')],
  ['a NUL before the end of the line', '#!/a\0b\n', script('/a')],
  ['no newline', '#!/a', script('/a')],
  ['a newline first', '#!\n/a', UNKNOWN],
  ['blanks alone', '#! \t ', UNKNOWN],
  ['one character', '#', UNKNOWN],
  ['a blank before #!', ' #!/a\n', UNKNOWN],
  ['nothing', '', UNKNOWN],
  ['253 characters and a newline', `#!${long(253)}\n`, script(long(253))],
  ['253 characters and a blank', `#!${long(253)} -e\n`, script(long(253))],
  ['253 characters and the end of the file', `#!${long(253)}`, script(long(253))],
  ['254 characters', `#!${long(254)}\n`, UNKNOWN],
  ['254 characters and the end of the file', `#!${long(254)}`, UNKNOWN],
  ['a blank and 253 characters', `#! ${long(253)}\n`, UNKNOWN],
  ['an argument that is cut off', `#!/a ${'x'.repeat(300)}\n`, script('/a')],
])('a text with %s', (_, text, format) => {
  expect(read(Buffer.from(text))).toEqual({ format, parts: ['0 256'] });
});

/** Where a class of ELF files has what matters: elf(5). */
const CLASSES = {
  32: { header: 52, phoff: 28, phentsize: 42, phnum: 44, entry: 32, offset: 4, size: 16, word: 4 },
  64: { header: 64, phoff: 32, phentsize: 54, phnum: 56, entry: 56, offset: 8, size: 32, word: 8 },
} as const;

interface Change {
  readonly class?: number;
  readonly data?: number;
  readonly entrySize?: number;
  readonly count?: number;
  /** The place of the program headers. */
  readonly at?: number;
  /** The types of the program headers. 3 is PT_INTERP. */
  readonly types?: readonly number[];
  readonly name?: string;
  readonly nameSize?: number;
  /** The size of the file. */
  readonly cut?: number;
}

/** An ELF file with three program headers, of which the second names the interpreter. */
function fileOf(bits: 32 | 64, isBig: boolean, change: Change = {}): Buffer {
  const form = CLASSES[bits];
  const { types = [1, 3, 1], name = '/ld.so\0', at = form.header } = change;
  const end = form.header + types.length * form.entry;
  const content = Buffer.alloc(Math.max(end + name.length, 300));
  const put = (value: number, place: number, size: number) => {
    const number = Buffer.alloc(8);
    if (isBig) number.writeBigUInt64BE(BigInt(value));
    else number.writeBigUInt64LE(BigInt(value));
    (isBig ? number.subarray(8 - size) : number.subarray(0, size)).copy(content, place);
  };
  content.write('\x7fELF', 'latin1');
  content[4] = change.class ?? bits / 32;
  content[5] = change.data ?? (isBig ? 2 : 1);
  put(at, form.phoff, form.word);
  put(change.entrySize ?? form.entry, form.phentsize, 2);
  put(change.count ?? types.length, form.phnum, 2);
  for (const [i, type] of types.entries()) {
    const place = form.header + i * form.entry;
    put(type, place, 4);
    put(end, place + form.offset, form.word);
    put(change.nameSize ?? name.length, place + form.size, form.word);
  }
  content.write(name, end);
  return content.subarray(0, change.cut);
}

const KINDS = [
  [32, false],
  [32, true],
  [64, false],
  [64, true],
] as const;

test.each(KINDS)('an ELF file of %i bits, big endian: %o', (bits, isBig) => {
  const { header, entry } = CLASSES[bits];
  const end = header + 3 * entry;
  expect(read(fileOf(bits, isBig))).toEqual({
    format: elf('/ld.so'),
    parts: ['0 256', `${header} ${3 * entry}`, `${end} 7`],
  });
});

describe.each(KINDS)('an ELF file of %i bits, big endian: %o,', (bits, isBig) => {
  const { header, entry } = CLASSES[bits];
  const most = Math.floor(3840 / entry);

  test.each<[string, Change, object]>([
    ['without an interpreter is static', { types: [1, 2, 4] }, elf()],
    ['with one program header', { types: [3] }, elf('/ld.so')],
    ['with its interpreter in the last one', { types: [1, 1, 3] }, elf('/ld.so')],
    ['with as many as fit in 3840 bytes', { types: [...Array(most - 1).fill(1), 3] }, elf('/ld.so')],
    ['with more', { types: [...Array(most).fill(1), 3] }, UNKNOWN],
    ['without program headers', { count: 0 }, UNKNOWN],
    ['with smaller ones', { entrySize: entry - 1 }, UNKNOWN],
    ['with larger ones', { entrySize: entry + 1 }, UNKNOWN],
    ['of another class', { class: 0 }, UNKNOWN],
    ['of a later class', { class: 3 }, UNKNOWN],
    ['of no byte order', { data: 0 }, UNKNOWN],
    ['of a later byte order', { data: 3 }, UNKNOWN],
    ['that ends in its header', { cut: header - 1, at: 0, count: 1 }, UNKNOWN],
    ['that ends with its header', { cut: header, at: 0, count: 1 }, elf()],
    ['that ends with its program headers', { cut: header + 3 * entry, types: [1, 1, 1] }, elf()],
    ['that ends in them', { cut: header + 3 * entry - 1, types: [1, 1, 1] }, UNKNOWN],
    ['with a name of one character', { name: 'x\0' }, elf('x')],
    ['with an empty name', { name: '\0' }, UNKNOWN],
    ['with a name that ends before its size', { name: '/a\0b\0' }, elf('/a')],
    ['with a name without an end', { name: '/ld.so' }, UNKNOWN],
    ['with a name of 4095 characters', { name: `${long(4095)}\0` }, elf(long(4095))],
    ['with a name of 4096 characters', { name: `${long(4096)}\0` }, UNKNOWN],
    ['with a name beyond its end', { name: `${long(400)}\0`, cut: header + 3 * entry + 400 }, UNKNOWN],
  ])('%s', (_, change, format) => {
    expect(read(fileOf(bits, isBig, change)).format).toEqual(format);
  });
});

test('an offset of an ELF file that no number has is beyond its end', () => {
  const content = fileOf(64, false);
  content.writeBigUInt64LE(2n ** 64n - 1n, 32);
  expect(read(content)).toEqual({ format: UNKNOWN, parts: ['0 256', `${Number.MAX_SAFE_INTEGER} 168`] });
});
