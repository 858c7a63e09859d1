/**
 * The file that `record` writes. It is checked to be writable before the program runs, so that no recording is lost.
 */
import { randomUUID } from 'node:crypto';
import { accessSync, constants, linkSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { shownName } from '../../util/foreign-text.js';
import { reasonOf } from '../../util/system-error.js';

/** Errors of link(2) on file systems without hard links. */
const NO_LINKS: readonly unknown[] = ['EPERM', 'ENOSYS', 'EOPNOTSUPP'];

export class OutputFile {
  /** Whether the file existed before, and is overwritten. */
  readonly exists: boolean;
  readonly #path: string;
  /** Path in the same directory where a new file is written. When complete, the file gets its name. */
  readonly #draft: string;

  /** @throws Error if the file can't be written, or exists and `overwrites` is false. */
  constructor(path: string, overwrites: boolean) {
    if (path === '') throw new Error('-o: the name is empty, and nothing was run: name a file');
    if (path.endsWith('/'))
      throw new Error(`${shownName(path)}: this names a directory, and nothing was run: name a file with -o`);
    this.#path = path;
    // Without join(), which shortens `none/..`: the kernel fails if `none` does not exist, and follows it if it is a
    // link.
    this.#draft = `${dirname(path)}/.seccomp-record-${randomUUID()}.tmp`;
    let isFile = true;
    try {
      const found = lstatSync(path, { throwIfNoEntry: false });
      this.exists = found !== undefined;
      isFile = found === undefined || found.isFile() || found.isSymbolicLink();
      if (!this.exists) writeFileSync(this.#draft, '', { flag: 'wx' });
      else if (overwrites) accessSync(path, constants.W_OK);
    } catch (error) {
      throw unwritable(path, error);
    }
    if (this.exists && !overwrites && !isFile)
      throw new Error(`${shownName(path)} is not a file: name another one with -o`);
    if (this.exists && !overwrites)
      throw new Error(`${shownName(path)} exists: add to it with --merge, or remove it to start over`);
  }

  /**
   * Writes the file. `print` is given the text if it can be written nowhere.
   * @throws Error that says where the text is instead, if the file can't be written.
   */
  write(text: string, print: (text: string) => void): void {
    writeOrRescue(this.#path, text, print, () => {
      if (this.exists) writeFileSync(this.#path, text);
      else this.#create(text);
    });
  }

  /** Removes the draft. */
  discard(): void {
    rmSync(this.#draft, { force: true });
  }

  /** Creates the file. Fails if another process has created it since the constructor ran. */
  #create(text: string): void {
    writeFileSync(this.#draft, text);
    try {
      linkSync(this.#draft, this.#path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && NO_LINKS.includes(error.code))) throw error;
      writeFileSync(this.#path, text, { flag: 'wx' });
    }
  }
}

const problem = (path: string, error: unknown): string =>
  `${shownName(path)}: the profile can't be written (${reasonOf(error)})`;

/** The error for a path that can't be written, before the program runs. */
export const unwritable = (path: string, error: unknown): Error =>
  new Error(`${problem(path, error)}, and nothing was run: name another file with -o`);

/**
 * Writes a text. `print` is given the text if it can be written nowhere.
 * @throws Error that says where the text is instead, if `write` fails.
 */
export function writeOrRescue(path: string, text: string, print: (text: string) => void, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new Error(`${problem(path, error)}: ${rescue(text, print)}`);
  }
}

/**
 * Saves the text in a temporary file. Returns a phrase that names the file; if that fails too, prints the text.
 */
function rescue(text: string, print: (text: string) => void): string {
  const directory = join(tmpdir(), `seccomp-record-${randomUUID()}`);
  try {
    mkdirSync(directory, { mode: 0o700 });
    const file = join(directory, 'profile.json');
    writeFileSync(file, text);
    return `the recording is in ${shownName(file)}`;
  } catch {
    rmSync(directory, { recursive: true, force: true });
    print(text);
    return 'nor can a temporary file: the recording is above';
  }
}
