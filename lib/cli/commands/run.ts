/** `seccomp run`: becomes a program under a profile. */
import { Command } from 'commander';
import type { AbiName } from '../../index.js';
import { execve, SeccompError } from '../../index.js';
import { tell } from '../output/print.js';
import { loadArgument } from '../profile-argument.js';
import { type ReadingOptions, readingOf, withReading } from '../profile-options.js';
import { several } from '../repeated-options.js';
import { runBeside } from '../report-violations.js';

/** Exit statuses of env(1), nohup(1) and docker run: found but not started, and not found. */
export const NOT_EXECUTABLE = 126;
export const NOT_FOUND = 127;

interface RunOptions extends ReadingOptions {
  readonly profile: string;
  readonly capability?: readonly string[];
  readonly abi?: readonly AbiName[];
  readonly newPrivileges: boolean;
  readonly isolate?: boolean;
  readonly abstractSockets: boolean;
  readonly explain: boolean;
}

export function runCommand(): Command {
  return refuseBoth(withReading(new Command('run')))
    .description(
      'become COMMAND under a profile; exit 125: not started by our fault, 126: not executable, 127: not found',
    )
    .argument('<command>')
    .argument('[args...]')
    .option('-p, --profile <profile>', "a built-in's name, a path, JSON text, or - for stdin", 'docker-default')
    .option(
      '--capability <name>',
      'a capability to keep, and to resolve the profile for; all others are dropped; may be repeated',
      several,
    )
    .option(
      '--abi <name>',
      'an ABI to decide beside the native one, not those of the profile; may be repeated',
      several,
    )
    .option('--new-privileges', 'let set-user-ID programs gain privileges; needs CAP_SYS_ADMIN', false)
    .option('--isolate', 'refuse to start where COMMAND can not be kept from all that others have started')
    .option('--no-isolate', 'let COMMAND reach signals, memory and descriptors of others, as far as its user may')
    .option('--abstract-sockets', "let COMMAND connect to abstract Unix sockets, such as X11's", false)
    .option('--explain', 'stay beside COMMAND, and tell on stderr of each kind of calls that the profile denies', false)
    .passThroughOptions()
    .action(run);
}

async function run(command: string, args: readonly string[], options: RunOptions): Promise<void> {
  const { capability, abi, newPrivileges, explain, isolate, abstractSockets } = options;
  if (abstractSockets && isolate !== undefined)
    throw new Error(`--abstract-sockets does not go with ${isolate ? '--isolate' : '--no-isolate'}: leave one out`);
  const profile = (await loadArgument(options.profile, readingOf(options))) ?? 'unconfined';
  const programOptions = {
    capabilities: capability,
    abis: abi,
    noNewPrivileges: !newPrivileges,
    isolate: abstractSockets ? { abstractSockets } : isolate,
  };
  try {
    if (explain) await runBeside(command, args, profile, programOptions);
    else execve(command, args, profile, programOptions);
  } catch (error) {
    if (isolate === true && isRefusal(error)) {
      const remedy = 'start seccomp as another user, or on a newer kernel, or leave --isolate out';
      const why = /honoured: ([^;]*)/.exec(error.message)?.[1] ?? error.message;
      throw new Error(`--isolate can't be honoured: ${why}: ${remedy}`);
    }
    if (!isExecveFailure(error)) throw error;
    const notFound = error.code === 'ENOENT';
    tell(`${command}: ${notFound ? 'command not found' : `not executable (${error.code})`}`);
    process.exitCode = notFound ? NOT_FOUND : NOT_EXECUTABLE;
  }
}

function isExecveFailure(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'call' in error && error.call === 'execve';
}

/** Commander takes the later one of the two. */
function refuseBoth(command: Command): Command {
  const given = new Set<string>();
  for (const name of ['isolate', 'no-isolate']) {
    command.on(`option:${name}`, () => {
      if (given.add(name).size > 1) command.error('error: --isolate and --no-isolate: leave one of them out');
    });
  }
  return command;
}

function isRefusal(error: unknown): error is SeccompError {
  return error instanceof SeccompError && error.message.startsWith('options.isolate');
}
