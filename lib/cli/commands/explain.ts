/** `seccomp explain`: prints what a profile decides, for each call that is given, or for all syscalls of an ABI. */

import { styleText } from 'node:util';
import { Command } from 'commander';
import { type AbiName, type Action, type Explanation, explain, type Host, type Profile, resolve } from '../../index.js';
import { Diagrams } from '../../policy/diagrams/decision-diagram.js';
import { outcomesOn } from '../../profile/explainer.js';
import { syscallsOf } from '../../syscalls/table.js';
import { printableLine } from '../../util/foreign-text.js';
import { parseCalls } from '../call-argument.js';
import { type HostFlags, hostIn, type NamedHost, withHostOptions } from '../options/host-options.js';
import { PROFILE_FORMS, type ProfileFlags, profileOptions, withProfileOptions } from '../options/profile-options.js';
import { actionInWords } from '../output/action-text.js';
import { print, printJson, reportFailure } from '../output/print.js';
import { outputWidth, wrap } from '../output/wrap.js';
import { loadArgument } from '../profile-argument.js';

interface ExplainOptions extends ProfileFlags, HostFlags {
  readonly abi?: AbiName;
  readonly json?: boolean;
}

const HELP = `
Examples:
  seccomp explain docker-default mount "socket(AF_VSOCK)" @keyring
  seccomp explain --capability CAP_SYS_ADMIN docker-default mount
  seccomp explain --host arm64 --kernel 5.10 docker-default openat`;

export function explainCommand(): Command {
  return withHostOptions(withProfileOptions(new Command('explain')))
    .summary('show what a profile decides for a call, and why')
    .description(
      'Shows what a profile decides for calls, which rule decides it, why, and what would change the decision.',
    )
    .argument('<profile>', PROFILE_FORMS)
    .argument(
      '[calls...]',
      'syscalls by name or number, with arguments if these matter, or groups: mount 165 "socket(AF_INET)" @mount; ' +
        'default: list all syscalls by action',
    )
    .option(
      '--abi <name>',
      'the ABI of the calls; without --host, of a machine that runs it; default: the native one of the host',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(explainCalls);
}

async function explainCalls(source: string, calls: readonly string[], options: ExplainOptions): Promise<void> {
  const { json = false, capability: capabilities } = options;
  const named = hostIn(options, options.abi);
  const abi = options.abi ?? named.host.abi;
  const profile = await loadArgument(source, profileOptions(options));
  if (calls.length === 0) {
    const syscalls = outcomesOfAll(profile, named.host, abi);
    if (json) printJson(syscalls);
    else print(`${named.isOther ? `${abi}${hostText(named)}\n\n` : ''}${overview(syscalls)}`);
    return;
  }
  const answers = calls.flatMap((call) => answersTo(call, abi, profile, capabilities, named));
  if (json) printJson(answers);
  else print(answers.map((answer) => answerText(answer, named)).join('\n'));
}

/** Explains what one argument names. What is no call is reported, and the others are still explained. */
function answersTo(
  argument: string,
  abi: AbiName,
  profile: Profile,
  capabilities: readonly string[] | undefined,
  { host, isOther, isNamed }: NamedHost,
): readonly ExplainedCall[] {
  // unconfined refuses a host that is named, as it has no effect.
  const options = isNamed || (isOther && !profile.isUnconfined) ? { host } : { capabilities };
  try {
    const shown = { abi: host.abi, kernel: versionText(host) };
    return parseCalls(argument, abi).map(({ text, query }) => ({
      call: text,
      abi,
      host: shown,
      ...explain(profile, query, options),
    }));
  } catch (error) {
    reportFailure(error);
    return [];
  }
}

/** The answer to one question, as it is printed. */
interface ExplainedCall extends Explanation {
  readonly call: string;
  readonly abi: AbiName;
  readonly host: { readonly abi: AbiName; readonly kernel: string };
}

const versionText = ({ kernel: { major, minor } }: Host): string => `${major}.${minor}`;

function answerText({ call, abi, action, rule, why, changes }: ExplainedCall, named: NamedHost): string {
  const place = rule?.line === undefined ? '' : ` (line ${rule.line})`;
  const lines = [
    `${styleText('bold', printableLine(call))} on ${abi}${hostText(named)}${assumption(call, changes)}: ${colored(action)}`,
    `  ${wrap(`${why}${place}`, 2, outputWidth()).join('\n')}`,
    ...changes.map((change) => `  ${change.by}: ${colored(change.action)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** ` (host: aarch64, Linux 5.10)`; empty for this machine. */
function hostText({ host, isOther }: NamedHost): string {
  return isOther ? ` (host: ${host.abi}, Linux ${versionText(host)})` : '';
}

/** Names the assumed arguments, if arguments matter and were not given. */
function assumption(call: string, changes: Explanation['changes']): string {
  const isGiven = call.includes('(') || !changes.some(({ kind }) => kind === 'arguments');
  return isGiven ? '' : ', all arguments 0';
}

function colored(action: Action): string {
  return styleText(action.kind === 'allow' ? 'green' : 'yellow', actionInWords(action));
}

/** A syscall, and every action that some arguments lead to. */
interface SyscallOutcomes {
  readonly syscall: string;
  readonly number: number;
  readonly actions: readonly string[];
}

function outcomesOfAll(profile: Profile, host: Host, abi: AbiName): readonly SyscallOutcomes[] {
  const syscalls = [...syscallsOf(abi)].map(([syscall, number]) => ({ syscall, number }));
  const policy = resolve(profile, host);
  return syscalls.map(({ syscall, number }) => {
    const actions = outcomesOn(policy, abi, number, new Diagrams()).map(({ action }) => action);
    return { syscall, number, actions: [...new Set(actions.map(actionInWords))].sort() };
  });
}

/** Lists the syscalls by their actions. */
function overview(syscalls: readonly SyscallOutcomes[]): string {
  const byActions = new Map<string, string[]>();
  for (const { syscall, actions } of syscalls) {
    const title = actions.length === 1 ? actions.join() : `${actions.join(' or ')}, by arguments`;
    byActions.set(title, [...(byActions.get(title) ?? []), syscall]);
  }
  return [...byActions]
    .map(([title, names]) => `${styleText('bold', title)} (${names.length})\n${wrapped(names)}\n`)
    .join('\n');
}

/** Wraps names into indented lines. */
function wrapped(names: readonly string[]): string {
  const column = 2;
  return `${' '.repeat(column)}${wrap(names.join(' '), column, outputWidth(100)).join('\n')}`;
}
