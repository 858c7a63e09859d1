/** What programs print that lack a grant of `paths`, and what helps. A test runs each of them. */
import type { Paths } from '../../../lib/landlock/paths/option.js';

/** What a program is given. */
interface Given {
  readonly paths?: Paths;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that fails without a grant. */
export interface PathMessage {
  /** The commands that it needs. */
  readonly needs: readonly string[];
  readonly step: readonly [command: string, ...args: string[]];
  /** The contents of files in its home directory, which is not granted. */
  readonly home?: Readonly<Record<string, string>>;
  /** The contents of files in its working directory. */
  readonly files?: Readonly<Record<string, string>>;
  readonly without?: Given;
  /** What it prints. `…` stands for any characters. */
  readonly prints: string;
  readonly cause: string;
  /** What helps, in words. */
  readonly remedy: string;
  readonly with: Given;
}

/** The paths of a program whose row gives none. */
export const SYSTEM: Paths = { read: ['@system'], write: ['.'] };
const NODE: Paths = { read: ['@system', '@node'], write: ['.'] };

export const PATH_MESSAGES: readonly PathMessage[] = [
  {
    needs: ['node'],
    step: ['node', 'app.mjs'],
    files: { 'app.mjs': '' },
    without: { paths: { read: ['@system', '@node'] } },
    prints: "Error: EACCES: permission denied, open '…/app.mjs'",
    cause: 'the program itself is granted, but not what it runs',
    remedy: '`read` of the module and of what it imports',
    with: { paths: NODE },
  },
  {
    needs: ['sh'],
    step: ['sh', '-c', 'true'],
    without: { paths: { write: ['.'] } },
    prints: 'error while loading shared libraries: libc.so.6: cannot open shared object file: …',
    cause: 'libraries are not granted',
    remedy: "`read: ['@system']`",
    with: { paths: SYSTEM },
  },
  {
    needs: ['git'],
    step: ['git', 'init'],
    home: { '.gitconfig': '[user]\n' },
    prints: 'fatal: unknown error occurred while reading the configuration files',
    cause: "git's settings in the home directory exist, and are not granted",
    remedy: '`GIT_CONFIG_GLOBAL=/dev/null`, or another `HOME`',
    with: { env: { GIT_CONFIG_GLOBAL: '/dev/null' } },
  },
  {
    needs: ['git'],
    step: ['git', 'grep', '--no-index', '--exclude-standard', 'text'],
    home: { '.config/git/ignore': '*.o\n' },
    prints: 'fatal: cannot use …/.config/git/ignore as an exclude file',
    cause: 'the same',
    remedy: 'another `HOME`',
    with: { env: { HOME: '.' } },
  },
  {
    needs: ['git'],
    step: ['git', 'add', 'file'],
    files: { '.git/HEAD': 'ref: refs/heads/main\n', '.git/objects/none': '', '.git/refs/none': '', file: '' },
    without: { paths: { read: ['@system', '.'] } },
    prints: "fatal: Unable to create '…/.git/index.lock': Permission denied",
    cause: '`.git` is not granted for writing',
    remedy: "`write: ['.git']`; but the hooks in it run later, outside of the sandbox",
    with: { paths: { read: ['@system', '.'], write: ['.git'] } },
  },
  {
    needs: ['sh'],
    step: ['sh', '-c', 'cp "$(command -v ls)" tool; ./tool'],
    prints: './tool: Permission denied',
    cause: 'a shell, `make` or a script starts a program that may be read, but not executed',
    remedy: 'its directory in `execute`; what it loads from there can then be read',
    with: { paths: { ...SYSTEM, execute: ['.'] } },
  },
  {
    needs: ['sed'],
    step: ['sed', '-i', 's/a/b/', 'file'],
    files: { file: 'a\n' },
    without: { paths: { read: ['@system'], write: ['file'] } },
    prints: "sed: couldn't open temporary file ./sed…: Permission denied",
    cause: '`sed -i`, as many editors do, writes a new file, and renames it',
    remedy: "the file's directory in `write`",
    with: { paths: SYSTEM },
  },
  {
    needs: ['ps'],
    step: ['ps'],
    prints: 'Error, do this: mount -t proc proc /proc',
    cause: '`ps` reads the directories of processes',
    remedy: "`read: ['/proc']`",
    with: { paths: { ...SYSTEM, read: ['@system', '/proc'] } },
  },
  {
    needs: ['df'],
    step: ['df'],
    prints: 'df: cannot read table of mounted file systems: Permission denied',
    cause: 'the table is in `/proc/self/mountinfo`',
    remedy: "`read: ['/proc']`",
    with: { paths: { ...SYSTEM, read: ['@system', '/proc'] } },
  },
  {
    needs: ['gcc'],
    step: ['gcc', '-x', 'c', '-c', '/dev/null', '-o', 'empty.o'],
    without: { env: { TMPDIR: '/tmp' } },
    prints: 'Cannot create temporary file in /tmp/: Permission denied',
    cause: '`/tmp` is not granted',
    remedy: '`@tmp`, or `TMPDIR` in a writable directory',
    with: { paths: { read: ['@system', '@tmp'], write: ['.'] }, env: { TMPDIR: '/tmp' } },
  },
  {
    needs: ['npm'],
    step: ['npm', 'run', 'missing'],
    without: { paths: NODE },
    prints: 'Log files were not written due to an error writing to the directory: …/.npm/_logs',
    cause: '`~/.npm`, the cache, is not granted. An `~/.npmrc` that is not granted is ignored',
    remedy: '`npm_config_cache` in a writable directory',
    with: { paths: NODE, env: { npm_config_cache: './cache' } },
  },
  {
    needs: [],
    step: [process.execPath, '-p', 'process.memoryUsage().rss'],
    without: { paths: NODE },
    prints: 'EACCES: permission denied, uv_resident_set_memory',
    cause: '`process.memoryUsage()` reads `/proc/self/stat`',
    remedy: "`read: ['/proc']`",
    with: { paths: { ...NODE, read: ['@system', '@node', '/proc'] } },
  },
  {
    needs: ['python3'],
    step: ['python3', '-c', 'import tempfile; tempfile.mkdtemp()'],
    without: { paths: { read: ['@system'] }, env: { TMPDIR: '/tmp' } },
    prints: 'FileNotFoundError: [Errno 2] No usable temporary directory found in …',
    cause: 'no directory for temporary files is granted, although `/tmp` is there',
    remedy: '`@tmp`',
    with: { paths: { read: ['@system', '@tmp'] } },
  },
  {
    needs: ['python3'],
    step: ['python3', '-c', 'import multiprocessing; multiprocessing.Lock()'],
    prints: 'PermissionError: [Errno 13] Permission denied',
    cause: 'the semaphore of a `Lock` is in `/dev/shm`',
    remedy: "`write: ['/dev/shm']`",
    with: { paths: { ...SYSTEM, write: ['.', '/dev/shm'] } },
  },
  {
    needs: ['python3'],
    step: ['python3', '-c', 'import pty; pty.openpty()'],
    prints: 'OSError: out of pty devices',
    cause: 'new terminals are made by `/dev/ptmx` in `/dev/pts`',
    remedy: "`write: ['/dev/ptmx', '/dev/pts']`",
    with: { paths: { ...SYSTEM, write: ['.', '/dev/ptmx', '/dev/pts'] } },
  },
];
