/** `seccomp record`: runs a program and writes the least profile that it needs. */
import { existsSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { Command, Option } from 'commander';
import { thisHost } from '../host.js';
import { loadProfile, type Recording, record, resolve, stringify } from '../index.js';
import { differenceFrom } from '../supervisor/difference.js';
import { callFromRecord } from '../supervisor/kind.js';
import { toOperatorManifest } from '../supervisor/spo.js';
import { NOT_EXECUTABLE, NOT_FOUND } from './run.js';

interface RecordCommandOptions {
  readonly output?: string;
  readonly merge: boolean;
  readonly args: boolean;
  readonly bare: boolean;
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
    .option('--base <profile>', 'show how the run and this profile differ')
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
  checkOutput(options);
  const policy = base === undefined ? undefined : resolveBase(base);
  say(`recording ${command} until its last process ends`);
  const recording = await recorded(command, args, options);
  if (recording === undefined) return;
  if (output !== undefined) {
    const { profile } = recording;
    const name = basename(output).replace(/\.(ya?ml|json)$/, '');
    const text = options.format === 'spo' ? toOperatorManifest(profile, name) : stringify(profile);
    writeFileSync(output, text, { flag: merge ? 'w' : 'wx' });
  }
  if (policy !== undefined) showDifference(recording, policy, base ?? '');
  for (const note of recording.notes) process.stderr.write(`seccomp: note: ${note}\n`);
  say(summary(recording, output));
  const { exitCode, signal } = recording;
  process.exitCode = signal === null ? (exitCode ?? undefined) : 128 + constants.signals[signal];
}

function checkOutput({ output, merge, base, format }: RecordCommandOptions): void {
  if (output === undefined && base === undefined) throw new Error('name a file with -o, or a profile with --base');
  if (output !== undefined && existsSync(output) && !merge) {
    throw new Error(`${output} exists: --merge adds to the profile in it; to begin anew, remove it`);
  }
  if (merge && format === 'spo')
    throw new Error('--merge reads and writes JSON: merge first, and leave out --format spo');
  if (merge && output === undefined) throw new Error('--merge needs a file: name it with -o');
}

function resolveBase(base: string) {
  const profile = loadProfile(base);
  if (profile === null) throw new Error(`--base ${base} allows everything: there is no difference to show`);
  return resolve(profile, thisHost());
}

async function recorded(
  command: string,
  args: readonly string[],
  { output, merge, args: compareArguments, bare }: RecordCommandOptions,
): Promise<Recording | undefined> {
  const end = new AbortController();
  // The terminal sends these to COMMAND as well; what it does then is recorded too.
  process.on('SIGINT', () => {}).on('SIGQUIT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end.abort());
  const before = merge && output !== undefined && existsSync(output) ? { merge: output } : {};
  try {
    return await record(command, args, {
      ...{ stdio: 'inherit', signal: end.signal, compareArguments, containerStart: !bare },
      ...before,
    });
  } catch (error) {
    if (!isStartFailure(error)) throw error;
    const notFound = error.code === 'ENOENT';
    process.stderr.write(`seccomp: ${command}: ${notFound ? 'command not found' : `not executable (${error.code})`}\n`);
    process.exitCode = notFound ? NOT_FOUND : NOT_EXECUTABLE;
    return undefined;
  }
}

function isStartFailure(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('spawn ');
}

function showDifference({ calls }: Recording, policy: ReturnType<typeof resolveBase>, base: string): void {
  const seen = calls.map((call) => ({ ...call, ...callFromRecord(call) }));
  const { denied, unused } = differenceFrom(policy, seen);
  const lines = denied.map((call) => `+ ${call.syscall}(${call.decoded.join(', ')})  ${call.executable}`);
  process.stderr.write(`seccomp: needed, and not allowed by ${base}: ${denied.length === 0 ? 'nothing' : ''}\n`);
  for (const line of lines) process.stderr.write(`${line}\n`);
  process.stderr.write(`seccomp: allowed by ${base}, and not needed: ${unused.length} syscalls\n`);
  if (unused.length > 0) process.stderr.write(`- ${unused.join(' ')}\n`);
}

function summary({ calls, profile }: Recording, output: string | undefined): string {
  const count = calls.reduce((sum, call) => sum + call.count, 0);
  const names = new Set(calls.map(({ syscall }) => syscall)).size;
  const programs = new Set(calls.map(({ executable }) => executable)).size;
  const written = output === undefined ? '' : `; ${output} has ${profile.document.syscalls.length} rules`;
  return `${count} calls of ${names} syscalls by ${programs} programs${written}`;
}

/** What is only said to a person who waits. */
function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`seccomp: ${text}\n`);
}
