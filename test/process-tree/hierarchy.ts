/**
 * A hierarchy of directories that behaves as one of cgroup v2, for modules whose `node:fs` is replaced by `fakeFs`. A
 * directory that is made has the files of a cgroup; writing an ID to `cgroup.procs` moves a process; no cgroup with
 * processes can be removed, or has its controllers enabled.
 */
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

type Fs = typeof import('node:fs');

/** Node's own, also where the test replaces `node:fs`. */
const fs: Fs = createRequire(import.meta.url)('node:fs');

let current: Hierarchy | undefined;

/** The files of a new cgroup. `cgroup.controllers` is made of what is enabled above. */
const FILES = {
  'cgroup.type': 'domain\n',
  'cgroup.procs': '',
  'cgroup.subtree_control': '',
  'cgroup.events': 'populated 0\n',
};

export class Hierarchy {
  readonly root: string;
  /** Files of the kernel by path, such as `/proc/self/cgroup`. */
  readonly kernelFiles = new Map<string, string>();
  /** Errors with which those files can't be read. */
  readonly kernelErrors = new Map<string, string>();
  /** More files of each new cgroup. */
  files: Readonly<Record<string, string>> = {};
  /** Errors by what fails with them: a write such as `cgroup.procs 7`, or access to a file such as `/a/cgroup.procs`. */
  readonly failures = new Map<string, string>();
  /** Called before each move of a process. */
  beforeMove: (pid: number) => void = () => {};
  /** Called before a cgroup is made. */
  beforeMake: () => void = () => {};

  constructor() {
    this.root = fs.mkdtempSync(join(tmpdir(), 'seccomp-hierarchy-'));
    current = this;
  }

  remove(): void {
    current = undefined;
    fs.rmSync(this.root, { recursive: true, force: true });
  }

  /** Makes a cgroup with these processes and controllers, and returns its directory. */
  add(path: string, processes: readonly number[] = [], controllers = 'cpu memory pids'): string {
    const directory = join(this.root, path);
    fs.mkdirSync(directory, { recursive: true });
    const files = { ...FILES, 'cgroup.controllers': `${controllers}\n`, ...this.files };
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(join(directory, name), text);
    fs.writeFileSync(join(directory, 'cgroup.procs'), processes.map((pid) => `${pid}\n`).join(''));
    return directory;
  }

  /** The words of a cgroup's file. */
  words(path: string, file: string): readonly string[] {
    const text = fs.readFileSync(join(this.root, path, file), 'utf8');
    return text.split(/\s+/).filter((word) => word !== '');
  }

  /** The names in a cgroup's directory. */
  names(path: string): readonly string[] {
    return fs.readdirSync(join(this.root, path));
  }

  /** Tells that this process is in a cgroup, of which it sees those beneath `visible`. */
  place(path: string, visible = ''): void {
    const mount = `${visible || '/'} ${this.root}${visible}`;
    this.kernelFiles.set('/proc/self/cgroup', `0::${path}\n`);
    this.kernelFiles.set('/proc/self/mountinfo', `35 24 0:30 ${mount} rw - cgroup2 cgroup2 rw\n`);
  }

  addProcess(path: string, pid: number): void {
    fs.appendFileSync(join(this.root, path, 'cgroup.procs'), `${pid}\n`);
  }

  removeProcess(path: string, pid: number): void {
    const others = this.words(path, 'cgroup.procs').filter((word) => word !== String(pid));
    fs.writeFileSync(join(this.root, path, 'cgroup.procs'), others.map((word) => `${word}\n`).join(''));
  }

  has(path: unknown): path is string {
    return typeof path === 'string' && path.startsWith(`${this.root}/`);
  }

  read(file: string): string | undefined {
    const failure = this.kernelErrors.get(file);
    if (failure !== undefined) throw systemError(failure);
    return this.kernelFiles.get(file);
  }

  make(directory: string): void {
    this.beforeMake();
    fs.mkdirSync(directory);
    const enabled = fs.readFileSync(join(dirname(directory), 'cgroup.subtree_control'), 'utf8');
    fs.rmdirSync(directory);
    this.add(directory.slice(this.root.length), [], enabled.trim());
  }

  take(directory: string): void {
    const names = fs.readdirSync(directory, { withFileTypes: true });
    const isBusy =
      names.some((name) => name.isDirectory()) || this.words(this.#path(directory), 'cgroup.procs').length > 0;
    if (isBusy) throw systemError('EBUSY');
    fs.rmSync(directory, { recursive: true });
  }

  /** The kernel makes no files in a cgroup: with O_CREAT, a file that does not exist is denied. */
  write(file: string, text: string, flag = 'w'): void {
    if (!fs.existsSync(file)) throw systemError(flag === 'r+' ? 'ENOENT' : 'EACCES');
    const failure = this.failures.get(`${basename(file)} ${text}`);
    if (failure !== undefined) throw systemError(failure);
    if (basename(file) === 'cgroup.procs') this.#move(dirname(file), Number(text));
    else if (basename(file) === 'cgroup.subtree_control') this.#enable(dirname(file), text);
    else fs.writeFileSync(file, text);
  }

  access(path: string, mode: number): void {
    const failure = this.failures.get(path.slice(this.root.length));
    if (failure !== undefined) throw systemError(failure);
    fs.accessSync(path, mode);
  }

  #path(directory: string): string {
    return directory.slice(this.root.length);
  }

  #move(directory: string, pid: number): void {
    this.beforeMove(pid);
    for (const name of fs.readdirSync(this.root, { recursive: true, encoding: 'utf8' }))
      if (basename(name) === 'cgroup.procs') this.removeProcess(dirname(name), pid);
    fs.appendFileSync(join(directory, 'cgroup.procs'), `${pid}\n`);
  }

  #enable(directory: string, text: string): void {
    const isRoot = !fs.existsSync(join(directory, 'cgroup.type'));
    if (!isRoot && this.words(this.#path(directory), 'cgroup.procs').length > 0) throw systemError('EBUSY');
    fs.appendFileSync(join(directory, 'cgroup.subtree_control'), `${text.replace('+', '')}\n`);
  }
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as the kernel`), { code });
}

/** Functions in place of those of `node:fs`, for files of the hierarchy and of the kernel. */
export const fakeFs = {
  ...fs,
  readFileSync: (file: string, options: 'utf8') => current?.read(file) ?? fs.readFileSync(file, options),
  mkdirSync: (path: string) => (current?.has(path) ? current.make(path) : fs.mkdirSync(path)),
  rmdirSync: (path: string) => (current?.has(path) ? current.take(path) : fs.rmdirSync(path)),
  writeFileSync: (file: string, text: string, options: { readonly flag?: string } = {}) =>
    current?.has(file) ? current.write(file, text, options.flag) : fs.writeFileSync(file, text, options),
  accessSync: (path: string, mode: number) => current?.access(path, mode),
};
