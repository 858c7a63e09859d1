/** The file that `record` writes: found to be writable before the program runs, so that no recording is lost afterwards. */
import { randomUUID } from 'node:crypto';
import { accessSync, constants, linkSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { getSystemErrorMap } from 'node:util';

/** What link(2) fails with on file systems without hard links. */
const NO_LINKS: readonly unknown[] = ['EPERM', 'ENOSYS', 'EOPNOTSUPP'];

export class OutputFile {
  /** Whether the file is there already, and is overwritten. */
  readonly exists: boolean;
  readonly #path: string;
  /** A new file is written here, in the same directory, and gets its name when it is complete. */
  readonly #draft: string;

  /** @throws Error if the file can't be written, or is there and `overwrites` is false. */
  constructor(path: string, overwrites: boolean) {
    if (path === '') throw new Error('-o: an empty name: name a file, and nothing was run');
    if (path.endsWith('/'))
      throw new Error(`${path}: this names a directory, and nothing was run: name a file with -o`);
    this.#path = path;
    // Not by join(), which drops `none/..` though the kernel looks for `none`, and follows it if it is a link.
    this.#draft = `${dirname(path)}/.seccomp-record-${randomUUID()}.tmp`;
    let isFile = true;
    try {
      const found = lstatSync(path, { throwIfNoEntry: false });
      this.exists = found !== undefined;
      isFile = found === undefined || found.isFile() || found.isSymbolicLink();
      if (!this.exists) writeFileSync(this.#draft, '', { flag: 'wx' });
      else if (overwrites) accessSync(path, constants.W_OK);
    } catch (error) {
      throw new Error(`${this.#problem(error)}, and nothing was run: name another file with -o`);
    }
    if (this.exists && !overwrites && !isFile) throw new Error(`${path} is not a file: name another one with -o`);
    if (this.exists && !overwrites)
      throw new Error(`${path} exists: --merge adds to the profile in it; to begin anew, remove it`);
  }

  /** @throws Error that says where the text is instead, if the file can't be written. */
  write(text: string): void {
    try {
      if (this.exists) writeFileSync(this.#path, text);
      else this.#create(text);
    } catch (error) {
      throw new Error(`${this.#problem(error)}: ${rescue(text)}`);
    }
  }

  /** Removes what was made to find out whether the file can be written. */
  discard(): void {
    rmSync(this.#draft, { force: true });
  }

  /** Fails if another file has appeared at the path. */
  #create(text: string): void {
    writeFileSync(this.#draft, text);
    try {
      linkSync(this.#draft, this.#path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && NO_LINKS.includes(error.code))) throw error;
      writeFileSync(this.#path, text, { flag: 'wx' });
    }
  }

  #problem(error: unknown): string {
    return `${this.#path}: the profile can't be written (${reasonOf(error)})`;
  }
}

/** `ENOSPC: no space left on device`, without a path, as that may be the draft's. */
export function reasonOf(error: unknown): string {
  const errno = error instanceof Error && 'errno' in error ? error.errno : undefined;
  const reason = typeof errno === 'number' ? getSystemErrorMap().get(errno) : undefined;
  return reason?.join(': ') ?? String(error);
}

/** Keeps the text in a temporary file. Returns where it is, in words, or the text itself if that fails too. */
function rescue(text: string): string {
  const directory = join(tmpdir(), `seccomp-record-${randomUUID()}`);
  try {
    mkdirSync(directory, { mode: 0o700 });
    const file = join(directory, 'profile.json');
    writeFileSync(file, text);
    return `the recording is in ${file}`;
  } catch {
    rmSync(directory, { recursive: true, force: true });
    return `nor can a temporary file; this is the recording:\n${text}`;
  }
}
