/** What the kernel starts to run a file: the interpreter of a script's `#!` line, or of an ELF file. See execve(2). */

/** The format of an executable file. */
export type ExecutableFormat =
  | { readonly kind: 'script'; readonly interpreter: string }
  /** The interpreter of an ELF file loads its libraries. A static program has none. */
  | { readonly kind: 'elf'; readonly interpreter: string | undefined }
  /** The kernel answers ENOEXEC, and execvp(3) runs `/bin/sh FILE`. */
  | { readonly kind: 'unknown' };

/** Reads up to `length` bytes of a file at `position`; fewer at its end. */
export type ReadAt = (position: number, length: number) => Buffer;

const UNKNOWN: ExecutableFormat = { kind: 'unknown' };

/** Bytes of a file that the kernel looks at to find its format: BINPRM_BUF_SIZE of linux/binfmts.h. */
const BUFFER_SIZE = 256;
const NEWLINE = 10;

/** Returns the format of a file. Reads at most 8 KiB. */
export function formatOf(readAt: ReadAt): ExecutableFormat {
  const found = readAt(0, BUFFER_SIZE);
  const start = Buffer.alloc(BUFFER_SIZE); // Beyond a file's end the kernel sees zeros.
  found.copy(start);
  if (start.toString('latin1', 0, 2) === '#!') return scriptFormat(start);
  if (start.toString('latin1', 0, 4) === '\x7fELF') return elfFormat(start, found.length, readAt);
  return UNKNOWN;
}

/** As load_script of the kernel's fs/binfmt_script.c. */
function scriptFormat(start: Buffer): ExecutableFormat {
  const terminated = start.subarray(0, terminator(start));
  const newline = terminated.indexOf(NEWLINE);
  const line = newline < 0 ? start : start.subarray(0, newline);
  const [, name = '', after] = /^#![ \t]*([^ \t\0]*)(.?)/s.exec(line.toString('latin1')) ?? [];
  // Without an end, the name may be cut off.
  if (name === '' || (newline < 0 && after === '')) return UNKNOWN;
  return { kind: 'script', interpreter: Buffer.from(name, 'latin1').toString() };
}

function terminator(text: Buffer): number {
  const at = text.indexOf(0);
  return at < 0 ? text.length : at;
}

/**
 * Where a class of ELF files has what is read of them, see elf(5): in the header e_phoff, e_phentsize and e_phnum; in a
 * program header p_offset and p_filesz. `word` is the size of an offset.
 */
const ELF_32 = {
  headerSize: 52,
  programHeaders: { offset: 28, entrySize: 42, count: 44 },
  entry: { size: 32, offset: 4, fileSize: 16 },
  word: 4,
};
const ELF_64 = {
  headerSize: 64,
  programHeaders: { offset: 32, entrySize: 54, count: 56 },
  entry: { size: 56, offset: 8, fileSize: 32 },
  word: 8,
};

/** EI_CLASS and EI_DATA. */
const CLASS = 4;
const DATA = 5;
const LITTLE_ENDIAN = 1;
const BIG_ENDIAN = 2;
const PT_INTERP = 3;

/** More program headers than any linker makes. */
const MOST_HEADERS_SIZE = 3_840;
/** PATH_MAX */
const MOST_NAME_SIZE = 4_096;

function elfFormat(start: Buffer, size: number, readAt: ReadAt): ExecutableFormat {
  const form = start[CLASS] === 1 ? ELF_32 : start[CLASS] === 2 ? ELF_64 : undefined;
  const isLittle = start[DATA] === LITTLE_ENDIAN;
  if (form === undefined || !(isLittle || start[DATA] === BIG_ENDIAN) || size < form.headerSize) return UNKNOWN;
  /** An offset or size. Beyond MAX_SAFE_INTEGER there is no file's content. */
  const offsetIn = (from: DataView, at: number): number =>
    form.word === 4
      ? from.getUint32(at, isLittle)
      : Math.min(Number(from.getBigUint64(at, isLittle)), Number.MAX_SAFE_INTEGER);
  const header = viewOf(start);
  const count = header.getUint16(form.programHeaders.count, isLittle);
  const length = count * form.entry.size;
  if (header.getUint16(form.programHeaders.entrySize, isLittle) !== form.entry.size || count === 0) return UNKNOWN;
  if (length > MOST_HEADERS_SIZE) return UNKNOWN;
  const entries = viewOf(readAt(offsetIn(header, form.programHeaders.offset), length));
  if (entries.byteLength < length) return UNKNOWN;
  for (let at = 0; at < length; at += form.entry.size) {
    if (entries.getUint32(at, isLittle) !== PT_INTERP) continue;
    const nameSize = offsetIn(entries, at + form.entry.fileSize);
    if (nameSize < 2 || nameSize > MOST_NAME_SIZE) return UNKNOWN;
    const name = readAt(offsetIn(entries, at + form.entry.offset), nameSize);
    if (name.length < nameSize || name.at(-1) !== 0) return UNKNOWN;
    return { kind: 'elf', interpreter: name.toString('utf8', 0, terminator(name)) };
  }
  return { kind: 'elf', interpreter: undefined };
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer) => new DataView(buffer, byteOffset, byteLength);
