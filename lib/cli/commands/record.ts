/** `seccomp record`: runs a program and writes the least profile that it needs. */
import { constants } from 'node:os';
import { basename, isAbsolute } from 'node:path';
import { Command, Option } from 'commander';
import { callFromRecord } from '../../decode/observed-call.js';
import { thisHost } from '../../host.js';
import { loadProfile, type Profile, type Recording, record, resolve, stringify } from '../../index.js';
import { checkManifestName, type Manifest, toOperatorManifest } from '../../profile/security-profiles-operator.js';
import { compareWithPolicy } from '../../record/compare-runs.js';
import { OutputFile } from '../output/output-file.js';
import { printError, tell } from '../output/print.js';
import { loadArgument } from '../profile-argument.js';
import { NOT_EXECUTABLE, NOT_FOUND } from './run.js';

interface RecordCommandOptions {
  readonly output?: string;
  readonly merge: boolean;
  readonly args: boolean;
  readonly bare: boolean;
  readonly isolate: boolean;
  readonly base?: string;
  readonly format: 'docker' | 'spo';
}

export function recordCommand(): Command {
  return new Command('record')
    .description('run COMMAND unfiltered and write the least profile that it needs; exits as COMMAND does')
    .argument('<command>')
    .argument('[args...]')
    .option('-o, --output <file>', 'where the profile goes; a file that is there is left alone without --merge')
    .option('--merge', 'add what this run needs to the profile in the file', false)
    .option('--args', 'compare arguments that tell calls apart: families, commands, flags', false)
    .option('--bare', 'leave out what container runtimes need to start COMMAND', false)
    .option('--no-isolate', 'let COMMAND reach signals, memory and descriptors of others, as far as its user may')
    .option('--base <profile>', 'show how the run and this profile differ; - for stdin')
    .addOption(
      new Option('--format <format>', "Docker's JSON, or a manifest of the Security Profiles Operator")
        .choices(['docker', 'spo'])
        .default('docker'),
    )
    .passThroughOptions()
    .action(recordRun);
}

async function recordRun(command: string, args: readonly string[], options: RecordCommandOptions): Promise<void> {
  const { output, merge, base } = options;
  checkOptions(options);
  const policy = base === undefined ? undefined : await resolveBase(base);
  const file = output === undefined ? undefined : new OutputFile(output, merge);
  try {
    const before = file?.exists === true && output !== undefined ? readBefore(output) : undefined;
    inform(`recording ${command} until its last process ends`);
    const recording = await recorded(command, args, options, before);
    if (recording === undefined) return;
    const { exitCode, signal } = recording;
    process.exitCode = signal === null ? (exitCode ?? undefined) : 128 + constants.signals[signal];
    if (policy !== undefined) showDifference(recording, policy, base ?? '');
    const { text, notes } = written(recording.profile, options);
    for (const note of [...recording.notes, ...notes]) tell(`note: ${note}`);
    file?.write(text);
    inform(summary(recording, output));
  } finally {
    file?.discard();
  }
}

/** The profile in the file that is added to. A name without a slash is a file's here, not a built-in's. */
function readBefore(output: string): Profile | undefined {
  return loadProfile(isAbsolute(output) ? output : `./${output}`, { source: output }) ?? undefined;
}

/** What is written of a profile. Without a file there is no name for a manifest, and none is written. */
function written(profile: Profile, { format, output }: RecordCommandOptions): Manifest {
  if (format === 'docker' || output === undefined) return { text: stringify(profile), notes: [] };
  return toOperatorManifest(profile, manifestName(output));
}

function manifestName(output: string): string {
  return basename(output).replace(/\.(ya?ml|json)$/, '');
}

function checkOptions({ output, merge, base, format }: RecordCommandOptions): void {
  if (output === undefined && base === undefined) throw new Error('name a file with -o, or a profile with --base');
  if (merge && format === 'spo')
    throw new Error('--merge reads and writes JSON: merge first, and leave out --format spo');
  if (merge && output === undefined) throw new Error('--merge needs a file: name it with -o');
  if (output !== undefined && format === 'spo') checkManifestName(manifestName(output));
}

async function resolveBase(base: string) {
  const profile = await loadArgument(base);
  if (profile === null) throw new Error(`--base ${base} allows everything: there is no difference to show`);
  return resolve(profile, thisHost());
}

async function recorded(
  command: string,
  args: readonly string[],
  { args: compareArguments, bare, isolate }: RecordCommandOptions,
  before: Profile | undefined,
): Promise<Recording | undefined> {
  const end = new AbortController();
  // A terminal sends these to COMMAND as well, and what COMMAND does then is recorded.
  process.on('SIGINT', () => {}).on('SIGQUIT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end.abort());
  try {
    return await record(command, args, {
      ...{ stdio: 'inherit', signal: end.signal, compareArguments, containerStart: !bare },
      ...(before !== undefined && { merge: before }),
      ...(!isolate && { isolate }),
    });
  } catch (error) {
    if (!isStartFailure(error)) throw error;
    const notFound = error.code === 'ENOENT';
    tell(`${command}: ${notFound ? 'command not found' : `not executable (${error.code})`}`);
    process.exitCode = notFound ? NOT_FOUND : NOT_EXECUTABLE;
    return undefined;
  }
}

function isStartFailure(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('spawn ');
}

function showDifference({ calls }: Recording, policy: Awaited<ReturnType<typeof resolveBase>>, base: string): void {
  const seen = calls.map((call) => ({ ...call, ...callFromRecord(call) }));
  const { denied, unused } = compareWithPolicy(policy, seen);
  const lines = denied.map((call) => `+ ${call.syscall}(${call.decoded.join(', ')})  ${call.executable}`);
  tell(`needed, and not allowed by ${base}: ${denied.length === 0 ? 'nothing' : ''}`);
  for (const line of lines) printError(`${line}\n`);
  tell(`allowed by ${base}, and not needed: ${unused.length} syscalls`);
  if (unused.length > 0) printError(`- ${unused.join(' ')}\n`);
}

function summary({ calls, profile }: Recording, output: string | undefined): string {
  const count = calls.reduce((sum, call) => sum + call.count, 0);
  const names = new Set(calls.map(({ syscall }) => syscall)).size;
  const programs = new Set(calls.map(({ executable }) => executable)).size;
  const written = output === undefined ? '' : `; ${output} has ${profile.document.syscalls.length} rules`;
  return `${count} calls of ${names} syscalls by ${programs} programs${written}`;
}

/** Prints what only a person at a terminal needs. */
function inform(text: string): void {
  if (process.stderr.isTTY) tell(text);
}
