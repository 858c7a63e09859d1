/** `seccomp explain`: what a profile decides, for single calls in words or for all syscalls in a list. */
import { styleText } from 'node:util';
import { Command } from 'commander';
import { thisHost } from '../../host.js';
import { type AbiName, type Action, explain, type Profile, type Question, resolve, SeccompError } from '../../index.js';
import { ALL_ARGUMENTS, outcomesIn } from '../../policy/argument-region.js';
import { decisionsOf } from '../../policy/policy.js';
import { readOptions } from '../../sandbox/options/table.js';
import { errnoName } from '../../syscalls/errno.js';
import { syscallsOf } from '../../syscalls/table.js';
import { print } from '../output/print.js';
import { loadArgument } from '../profile-argument.js';
import { PROFILE_FORMS, type ProfileFlags, profileOptions, withProfileOptions } from '../profile-options.js';
import { several } from '../repeated-options.js';

interface ExplainOptions extends ProfileFlags {
  readonly capability?: readonly string[];
  readonly abi?: AbiName;
  readonly json: boolean;
}

export function explainCommand(): Command {
  return withProfileOptions(new Command('explain'))
    .description('explain what a profile decides, by which rule, why, and what would change it')
    .argument('<profile>', PROFILE_FORMS)
    .argument('[calls...]', 'syscalls, with arguments if they matter: mount "socket(40, 1, 0)"; none: all at a glance')
    .option('--capability <name>', 'a capability that the profile is resolved for; may be repeated', several)
    .option('--abi <name>', 'the ABI of the calls, if not the native one')
    .option('--json', 'print JSON', false)
    .action(run);
}

async function run(source: string, calls: readonly string[], options: ExplainOptions): Promise<void> {
  const { json, capability: capabilities, abi = thisHost().abi } = options;
  readOptions('probe', { capabilities, abis: [abi] });
  const profile = await loadArgument(source, profileOptions(options));
  if (calls.length === 0) {
    const syscalls = glance(profile, capabilities ?? [], abi);
    print(json ? toJson(syscalls) : glanceInWords(syscalls));
    return;
  }
  const answers = calls.map((call) => {
    const question: Question = { ...parseCall(call), abi };
    return { call, abi, ...explain(profile ?? 'unconfined', question, { capabilities }) };
  });
  print(json ? toJson(answers) : answers.map(inWords).join('\n'));
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** `mount`, or `socket(40, 0x1, 0)`. */
function parseCall(text: string): Question {
  const [, syscall, list] = /^(\w+)(?:\(([^()]*)\))?$/.exec(text.trim()) ?? [];
  if (syscall === undefined) throw misread(text);
  if (list === undefined || list.trim() === '') return { syscall };
  return { syscall, args: list.split(',').map((value) => parseValue(value.trim(), text)) };
}

function parseValue(value: string, call: string): bigint {
  const [, sign, digits] = /^(-?)(0x[\da-f]+|\d+)$/i.exec(value) ?? [];
  if (digits === undefined) throw misread(call);
  return sign === '-' ? -BigInt(digits) : BigInt(digits);
}

function misread(call: string): SeccompError {
  return new SeccompError(
    'ERR_SECCOMP_OPTION',
    `${JSON.stringify(call)} is no call: write a syscall's name, and numbers in parentheses if they matter: "socket(40, 1, 0)"`,
  );
}

function inWords(answer: ReturnType<typeof explain> & { readonly call: string; readonly abi: AbiName }): string {
  const { call, abi, action, rule, why, changes } = answer;
  const place = rule?.line === undefined ? '' : ` (line ${rule.line})`;
  const lines = [
    `${styleText('bold', call)} on ${abi}${assumed(call, changes)}: ${coloured(action)}`,
    `  ${why}${place}`,
    ...changes.map((change) => `  ${change.by}: ${coloured(change.action)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** What was asked about, where it matters and was not said. */
function assumed(call: string, changes: ReturnType<typeof explain>['changes']): string {
  const isAsked = call.includes('(') || !changes.some(({ kind }) => kind === 'arguments');
  return isAsked ? '' : ', all arguments 0';
}

function coloured(action: Action): string {
  return action.kind === 'allow'
    ? styleText('green', actionInWords(action))
    : styleText('yellow', actionInWords(action));
}

function actionInWords(action: Action): string {
  if (action.kind === 'errno') return errnoName(action.errno);
  return action.kind === 'trace' ? `trace ${action.message}` : action.kind;
}

/** A syscall, and every action that some arguments lead to. */
interface Glance {
  readonly syscall: string;
  readonly number: number;
  readonly actions: readonly string[];
}

function glance(profile: Profile | null, capabilities: readonly string[], abi: AbiName): readonly Glance[] {
  const syscalls = [...syscallsOf(abi)].map(([syscall, number]) => ({ syscall, number }));
  if (profile === null) return syscalls.map((each) => ({ ...each, actions: ['allow'] }));
  const policy = resolve(profile, thisHost(capabilities));
  const decided = policy.abis.find((each) => each.abi.name === abi);
  return syscalls.map(({ syscall, number }) => {
    const found =
      decided === undefined
        ? [policy.foreignAction]
        : [...outcomesIn(ALL_ARGUMENTS, decisionsOf(decided, number), policy.defaultAction)].map(
            ({ action }) => action,
          );
    return { syscall, number, actions: [...new Set(found.map(actionInWords))].sort() };
  });
}

/** The syscalls by what happens to them. */
function glanceInWords(syscalls: readonly Glance[]): string {
  const byAction = new Map<string, string[]>();
  for (const { syscall, actions } of syscalls) {
    const words = actions.length === 1 ? actions.join() : `${actions.join(' or ')}, by arguments`;
    byAction.set(words, [...(byAction.get(words) ?? []), syscall]);
  }
  return [...byAction]
    .map(([words, names]) => `${styleText('bold', words)} (${names.length})\n${wrapped(names)}\n`)
    .join('\n');
}

/** Words in lines of a terminal's width, indented. */
function wrapped(words: readonly string[]): string {
  const width = process.stdout.columns ?? 100;
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(`  ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join('\n');
}
