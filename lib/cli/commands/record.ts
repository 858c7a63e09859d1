/** `seccomp record`: runs a program without a filter and writes a profile of its calls. */

import { basename, isAbsolute, resolve as resolvePath } from 'node:path';
import { Command, Option } from 'commander';
import { callFromRecord } from '../../decode/observed-call.js';
import { describeIssue } from '../../errors.js';
import { thisHost } from '../../host.js';
import { loadProfile, type Profile, type Recording, resolve, type SandboxedProcess, stringify } from '../../index.js';
import { checkManifestName, type Manifest, toOperatorManifest } from '../../profile/security-profiles-operator.js';
import { compareWithPolicy } from '../../record/compare-runs.js';
import { recordWithEnd } from '../../record/record.js';
import { readSandboxText } from '../../sandbox/file/read.js';
import { shownName } from '../../util/foreign-text.js';
import { exitAsProgram } from '../exit-status.js';
import { prepareToStop } from '../job-control.js';
import { listenToSignals } from '../listen-to-signals.js';
import { inFlags } from '../options/profile-options.js';
import type { SandboxFlags } from '../options/sandbox-options.js';
import { openOutput, outputName, outputText, STDOUT } from '../output/output.js';
import { printError, printMessage, printNote } from '../output/print.js';
import { showFiles } from '../output/recorded-files.js';
import { type SandboxBefore, sandboxBefore, sandboxContent } from '../output/sandbox-file.js';
import { wrap } from '../output/wrap.js';
import { loadArgument } from '../profile-argument.js';
import { reportStartFailure } from '../start-failure.js';

/** Milliseconds in which signals count as one: timeout(1) sends its own to its child, and to the process group. */
const SAME_SIGNAL = 1_000;

interface RecordFlags extends SandboxFlags {
  readonly output?: string;
  readonly merge?: boolean;
  readonly args?: boolean;
  readonly bare?: boolean;
  readonly isolate: boolean;
  readonly paths?: boolean;
  readonly base?: string;
  readonly format: 'docker' | 'spo';
}

const HELP = `
Exit status: that of COMMAND; 125 if the profile could not be written, 126 if
COMMAND is not executable, 127 if it was not found.

Examples:
  seccomp record -o profile.json -- npm test
  seccomp record -s sandbox.json -- python3 script.py`;

export function recordCommand(): Command {
  return new Command('record')
    .summary('run a command and write a profile that allows the calls it made')
    .description(
      'Runs COMMAND without a filter, and writes a profile that allows the calls that it made, and the calls that container runtimes make to start it.',
    )
    .usage('[options] [--] <command> [args...]')
    .argument('<command>')
    .argument('[args...]')
    .option(
      '-o, --output <file>',
      'file for the profile, which must not exist, unless --merge is given; - for stdout: what COMMAND writes there goes to stderr then',
      outputName,
    )
    .option(
      '-s, --sandbox <file>',
      'file for a sandbox, or -: the profile, the files as --paths, and no network if none was used',
      outputName,
    )
    .option('--merge', 'add what this run needs to the profile or the sandbox in the file')
    .option('--args', 'compare the arguments that select what a call does, and allow only recorded values')
    .option('--bare', 'leave out the calls that container runtimes make to start COMMAND')
    .option('--no-isolate', 'let COMMAND reach memory, descriptors and signals of other processes of its user')
    .option(
      '--paths',
      'show which files COMMAND reads, writes and executes, and the flags of seccomp run that grant them',
    )
    .option('--base <profile>', 'show the differences between this profile and what the run needs')
    .addOption(
      new Option('--format <format>', "Docker's JSON, or a manifest for the Security Profiles Operator")
        .choices(['docker', 'spo'])
        .default('docker'),
    )
    .addHelpText('after', HELP)
    .passThroughOptions()
    .action(recordProgram);
}

async function recordProgram(command: string, args: readonly string[], flags: RecordFlags): Promise<void> {
  const { sandbox, output = sandbox, merge = false, base } = flags;
  refuseConflicts(flags, command);
  const policy = base === undefined ? undefined : await resolveBase(base);
  const file = output === undefined ? undefined : openOutput(output, merge);
  try {
    const before =
      file?.exists === true && output !== undefined ? readBefore(output, sandbox !== undefined) : undefined;
    printNote(`recording ${shownName(command)} until its last process ends`);
    const recorded = await recordOrReport(command, args, flags, before);
    if (recorded === undefined) return;
    const { recording, end } = recorded;
    exitAsProgram(end);
    if (policy !== undefined) showDifference(recording, policy, base ?? '');
    const { text, notes } =
      sandbox === undefined
        ? fileContent(recording.profile, flags, command)
        : sandboxContent(sandbox, recording, before);
    for (const note of [...recording.notes, ...notes]) printMessage(`note: ${inFlags(note)}`);
    showFiles(recording, sandbox !== undefined);
    file?.write(text, printError);
    printNote(recordingSummary(recording, output));
    if (sandbox !== undefined)
      for (const issue of readSandboxText(text, outputText(sandbox), resolvePath(sandbox)).issues)
        printMessage(`${issue.severity}: ${describeIssue(outputText(sandbox), issue)}`);
  } finally {
    file?.discard();
  }
}

/** Loads what --merge adds to. A name without a slash is that of a file here, not of a built-in. */
function readBefore(output: string, isSandbox: boolean): Partial<SandboxBefore> {
  const path = isAbsolute(output) ? output : `./${output}`;
  return isSandbox ? sandboxBefore(path, output) : { profile: loadProfile(path, { source: output }) };
}

/** Returns the text of the file. Without a file nothing is written, and there is no name for a manifest. */
function fileContent(profile: Profile, { format, output }: RecordFlags, command: string): Manifest {
  if (format === 'docker' || output === undefined) return { text: stringify(profile), notes: [] };
  return toOperatorManifest(profile, manifestName(output, command));
}

/** The name of a manifest: that of its file; of the program if it is printed. */
function manifestName(output: string, command: string): string {
  return basename(output === STDOUT ? command : output).replace(/\.(ya?ml|json)$/, '');
}

function refuseConflicts(
  { sandbox, output, merge = false, base, paths = false, format }: RecordFlags,
  command: string,
): void {
  if (sandbox !== undefined) {
    if (sandbox !== STDOUT && !/[/.]/.test(sandbox))
      throw new Error(
        `-s ${shownName(sandbox)}: seccomp run -s takes this for the name of a built-in: write ${shownName(`./${sandbox}`)}`,
      );
    const other = output === undefined ? format === 'spo' && '--format spo' : '-o';
    if (other)
      throw new Error(`${other} cannot be combined with -s, whose file has the profile: leave one of them out`);
    return;
  }
  if (output === undefined && base === undefined && !paths)
    throw new Error('name a file with -o or -s, or a profile with --base, or give --paths');
  if (merge && format === 'spo')
    throw new Error('--merge reads and writes JSON: merge first, and leave out --format spo');
  if (merge && output === undefined) throw new Error('--merge needs a file: name it with -o');
  if (output !== undefined && format === 'spo') checkManifestName(manifestName(output, command));
}

async function resolveBase(base: string) {
  const profile = await loadArgument(base);
  if (profile.isUnconfined)
    throw new Error(`--base ${shownName(base)} allows everything: there is no difference to show`);
  return resolve(profile, thisHost());
}

async function recordOrReport(
  command: string,
  args: readonly string[],
  { args: compareArguments = false, bare = false, isolate, paths = false, output, sandbox }: RecordFlags,
  before: Partial<SandboxBefore> = {},
): Promise<Awaited<ReturnType<typeof recordWithEnd>> | undefined> {
  const end = new AbortController();
  let child: SandboxedProcess | undefined;
  let passedOn: number | undefined;
  // Before the start: a signal in between would end this process, and leave the program running.
  listenToSignals(['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'], (signal, isFromTerminal) => {
    if (isFromTerminal) return; // COMMAND has got it too, and what it does then is recorded.
    if (passedOn === undefined && child?.kill(signal)) {
      passedOn = performance.now();
      printNote(`waiting for ${shownName(command)} and its children to end: another signal kills it`);
    } else if (passedOn === undefined || performance.now() - passedOn > SAME_SIGNAL) end.abort();
  });
  const stopWith = prepareToStop();
  try {
    return await recordWithEnd(
      command,
      args,
      {
        // Stdout then has the result alone.
        stdio: output === STDOUT || sandbox === STDOUT ? ['inherit', 2, 'inherit'] : 'inherit',
        signal: end.signal,
        killSignal: 'SIGKILL',
        compareArguments,
        containerStart: !bare && sandbox === undefined,
        ...(before.profile !== undefined && { merge: before.profile }),
        ...(!isolate && { isolate }),
        ...((paths || sandbox !== undefined) && { paths: true, mergePaths: before.paths }),
      },
      (started) => {
        child = started;
        stopWith(started);
      },
    );
  } catch (error) {
    reportStartFailure(command, args, error);
    return undefined;
  }
}

function showDifference({ calls }: Recording, policy: Awaited<ReturnType<typeof resolveBase>>, base: string): void {
  const seen = calls.map((call) => ({ ...call, ...callFromRecord(call) }));
  const { denied, fallbacks, unused } = compareWithPolicy(policy, seen);
  const line = (mark: string) => (call: (typeof seen)[number]) =>
    `${mark} ${call.syscall}(${call.decoded.join(', ')})  ${call.executable === undefined || call.executable === null ? 'an unknown program' : shownName(call.executable)}`;
  printMessage(
    `needed, and not allowed by ${shownName(base)}: ${denied.length === 0 ? 'nothing' : ''}`,
    ...denied.map(line('+')),
  );
  if (fallbacks.length > 0)
    printMessage(
      `tried, and not needed: where ${shownName(base)} denies these, programs make other calls or do without`,
      ...fallbacks.map(line('~')),
    );
  printMessage(`allowed by ${shownName(base)}, and not needed: ${unused.length} syscalls`);
  if (unused.length > 0) printError(`- ${wrap(unused.join(' '), 2, process.stderr.columns ?? 80).join('\n')}\n`);
}

function recordingSummary({ calls, profile }: Recording, output: string | undefined): string {
  const count = calls.reduce((sum, call) => sum + call.count, 0);
  const names = new Set(calls.map(({ syscall }) => syscall)).size;
  const programs = new Set(calls.map(({ executable }) => executable)).size;
  const written = output === undefined ? '' : `; ${outputText(output)} has ${profile.document.syscalls.length} rules`;
  return `${count} calls of ${names} syscalls by ${programs} programs${written}`;
}
