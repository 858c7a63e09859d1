/** A fresh project into which the tarball is installed, and in which nothing of this machine is found. */
import { execFile } from 'node:child_process';
import { accessSync, constants, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { commandOf } from './tools.mjs';

const fixtures = resolve(import.meta.dirname, '../../test/package/matrix');

/** What the package managers, their shell scripts and the main job start. No compiler, no make and no python. */
const PROGRAMS = ['sh', 'env', 'dirname', 'sed', 'uname', 'setarch', 'true'];

/** A row that failed. Its message is printed below the table. */
export class Failure extends Error {}

function find(program) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {
      // The next one.
    }
  }
  throw new Failure(`no ${program} on this machine`);
}

export class Project {
  #folder = mkdtempSync(join(tmpdir(), 'seccomp-matrix-'));
  directory = join(this.#folder, 'project');

  /**
   * @param tarball - The packed package.
   * @param tools - Names of tools: [tool, command…]. The commands are on the project's PATH, and nothing else but PROGRAMS.
   */
  constructor(tarball, tools) {
    this.tarball = tarball;
    for (const name of ['project', 'bin', 'home', 'tmp']) mkdirSync(join(this.#folder, name));
    for (const program of PROGRAMS) symlinkSync(find(program), join(this.#folder, 'bin', program));
    for (const [tool, ...commands] of tools) {
      for (const command of commands) symlinkSync(commandOf(tool, command), join(this.#folder, 'bin', command));
    }
    cpSync(fixtures, this.directory, { recursive: true });
    this.write('package.json', '{ "name": "user", "version": "1.0.0", "private": true }\n');
  }

  write(name, text, options) {
    writeFileSync(join(this.directory, name), text, options);
  }

  /** Runs a command, and returns what it prints. Variables of this process are not passed on. */
  async run(command, args = [], { env = {}, mayFail = false, timeout = 60_000 } = {}) {
    const bin = join(this.#folder, 'bin');
    const options = {
      cwd: this.directory,
      timeout,
      killSignal: 'SIGKILL',
      env: {
        PATH: bin,
        HOME: join(this.#folder, 'home'),
        TMPDIR: join(this.#folder, 'tmp'),
        NO_COLOR: '1',
        CI: 'true',
        // The package has no dependencies: whatever asks a registry fails.
        npm_config_registry: UNREACHABLE,
        YARN_NPM_REGISTRY_SERVER: UNREACHABLE,
        YARN_ENABLE_TELEMETRY: '0',
        ...env,
      },
    };
    const file = command.includes('/') ? command : join(bin, command);
    const result = await new Promise((resolve) => {
      execFile(file, args, options, (error, stdout, stderr) => resolve({ error, stdout, stderr }));
    });
    if (result.error === null || mayFail) return result;
    const { code, signal } = result.error;
    const end = signal === 'SIGKILL' ? `did not end within ${timeout / 1000} s` : `exit ${signal ?? code}`;
    throw new Failure(`\`${[command, ...args].join(' ')}\`: ${end}\n${result.stdout}${result.stderr}`.trimEnd());
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Nothing listens at port 9 (discard) of a machine of our time, so that a request fails at once. */
const UNREACHABLE = 'http://127.0.0.1:9/';

const STEPS = ['compile', 'spawn', 'fork', 'onViolation'];

/** Returns what a program of test/package/matrix printed last: its steps, and the package's error. */
function outcome({ stdout, stderr, error }) {
  try {
    return JSON.parse(stdout.trim().split('\n').at(-1));
  } catch {
    throw new Failure(`the main job ended without a result (${error?.signal ?? error?.code ?? 0})\n${stdout}${stderr}`);
  }
}

/** Runs the main job, which must succeed. Returns what the table says of it. */
export async function runJob(project, command, args, options = {}) {
  const { done, error } = outcome(await project.run(command, args, { ...options, mayFail: true }));
  if (error !== undefined) throw new Failure(`${error.code}: ${error.message}`);
  if (done.join() !== STEPS.join()) throw new Failure(`only these steps were done: ${done.join(', ')}`);
  return 'main job';
}

/** Runs the main job in another runtime than Node, which may refuse to load the addon if the error names the runtime. */
export async function runJobIn(project, runtime, command, args) {
  const result = await project.run(command, args, { mayFail: true });
  const { done, error } = outcome(result);
  if (error === undefined && done.join() === STEPS.join()) return 'main job';
  const isClean = error?.name === 'SeccompError' && /^ERR_SECCOMP_/.test(error.code) && error.message.includes(runtime);
  if (!isClean || !done.includes('compile')) throw new Failure(`not the documented error: ${JSON.stringify(error)}`);
  return `compiles; spawn throws ${error.code}, as documented`;
}

/** Runs the package's command, which must deny the call of its program. Returns what the table says of it. */
export async function runCommand(project, command, args = [], options = {}) {
  const run = ['run', '-p', 'docker-default', '--', 'setarch', '-R', 'true'];
  const { error, stdout, stderr } = await project.run(command, [...args, ...run], { ...options, mayFail: true });
  if (error?.code === 1 && /setarch: .*Operation not permitted/.test(stderr)) return '`seccomp run`';
  throw new Failure(`\`${[command, ...args, ...run].join(' ')}\`: exit ${error?.code ?? 0}\n${stdout}${stderr}`);
}
