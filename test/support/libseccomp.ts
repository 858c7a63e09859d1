/** libseccomp's filter for a profile, made with the rules that runc passes to it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { returnValue } from '../../lib/policy/action.js';
import type { Action, Policy, PolicyCall } from '../../lib/policy/policy.js';
import type { Argument, Rule } from '../../lib/profile/document/types.js';
import type { Profile } from '../../lib/profile/profile.js';
import { type Host, resolveWithDiagnostics } from '../../lib/profile/resolve/resolve.js';
import { ABIS, type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { syscallNames } from '../../lib/syscalls/table.js';
import { once } from '../../lib/util/memo.js';
import { compileC } from './compile-c.js';

/** The optimization level of libseccomp: 1 is the default, 2 a binary tree. */
export type Optimize = 1 | 2;

/** The reason why libseccomp can't be used on this machine. Undefined if it can. */
export function libseccompObstacle(): string | undefined {
  const includes = ['-fsyntax-only', '-x', 'c', '-include', 'seccomp.h', '/dev/null'];
  return spawnSync(process.env['CC'] ?? 'cc', includes).status === 0
    ? undefined
    : 'needs a C compiler and libseccomp-dev';
}

// The library comes last: some linkers drop a library that nothing before it needs.
const program = () => compileC('../../bench/libseccomp-filter.c', ['-Wl,--no-as-needed', '-lseccomp']);

/** The program that libseccomp makes from `rules`, in the byte order of the native ABI. */
export function libseccompFilter(rules: string): Buffer {
  return execFileSync(program(), { input: rules, stdio: 'pipe' });
}

/** Why libseccomp refuses each of `all`, one line each: an empty one if it does not. */
export function libseccompRefusals(all: readonly string[]): readonly string[] {
  const each = 'for rules; do echo "$(printf %s "$rules" | "$0" 2>&1 >/dev/null)"; done';
  const lines = execFileSync('/bin/sh', ['-c', each, program(), ...all], { encoding: 'utf8' }).split('\n');
  return lines.slice(0, -1);
}

/**
 * The rules that runc passes to libseccomp, as bench/libseccomp-filter.c reads them: one rule for each name, without
 * those whose action is the default action. Source: runc, libcontainer/seccomp/seccomp_linux.go.
 */
export function runcRules(profile: Profile, host: Host, optimize?: Optimize): string {
  const { abis, defaultAction } = resolveWithDiagnostics(profile, host).policy;
  const [native, ...others] = abis.map(({ abi }) => abi.name);
  const fallback = hex(defaultAction);
  const lines = rulesOn(profile, host).flatMap((rule) => {
    const action = hex(actionOf(rule));
    if (action === fallback) return [];
    return rule.names
      .filter(isWord)
      .flatMap((name) => alternativesOf(rule).map((args) => ['rule', action, name, ...args.map(comparison)].join(' ')));
  });
  // With more rules than this, runc requests the binary tree.
  const tree = optimize ?? (lines.length > 32 ? 2 : 1);
  return [
    `default ${fallback}`,
    `native ${native}`,
    ...others.map((name) => `arch ${name}`),
    `optimize ${tree}`,
    ...lines,
    '',
  ].join('\n');
}

/**
 * Whether a line can hold a name. Other names are not those of syscalls: libseccomp lacks them, and runc drops them.
 */
function isWord(name: string): boolean {
  return /^\w{1,63}$/.test(name);
}

/** The numbers of all ABIs, for which one process is asked. */
const numbers = once((): ReadonlyMap<AbiName, ReadonlyMap<string, number>> => {
  const names = [...syscallNames()];
  const questions = [...ABIS.keys()].flatMap((abi) => names.map((name) => `number ${abi} ${name}\n`));
  const answers = libseccompFilter(questions.join('')).toString().split('\n').map(Number);
  const found = [...ABIS.keys()].map((abi, row) => {
    const own = answers.slice(row * names.length);
    return [abi, new Map(names.map((name, i) => [name, own[i] ?? Number.NaN]))] as const;
  });
  return new Map(found);
});

/** libseccomp's numbers for our names: −1 for a name that it lacks, and less for a call of socketcall or ipc. */
export function libseccompNumbers(abi: AbiName): ReadonlyMap<string, number> {
  return numbers().get(abi) ?? new Map();
}

/** libseccomp's names for the numbers `from`, …, `to` − 1 of an ABI. */
export function libseccompNames(abi: AbiName, from: number, to: number): ReadonlyMap<string, number> {
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  const names = libseccompFilter(numbers.map((number) => `name ${abi} ${number}\n`).join(''))
    .toString()
    .split('\n');
  return new Map(numbers.flatMap((number, i) => (names[i] ? [[names[i], number]] : [])));
}

/** The number of each ABI above which runc's filter answers ENOSYS: the largest one that libseccomp has for a name. */
export type Cutoffs = ReadonlyMap<AbiName, number>;

/** Source: runc, libcontainer/seccomp/patchbpf/enosys_linux.go. An ABI without named calls has no such number. */
export function runcCutoffs(rules: readonly Rule[], { abis, defaultAction }: Policy): Cutoffs {
  if (['allow', 'log', 'trace'].includes(defaultAction.kind)) return new Map();
  const names = rules.flatMap((rule) => rule.names);
  const largest = abis.map(({ abi }) => {
    const known = libseccompNumbers(abi.name);
    return [abi.name, names.reduce((most, name) => Math.max(most, known.get(name) ?? 0), 0)] as const;
  });
  return new Map(largest.filter(([, number]) => number > 0));
}

/** Whether the instructions that runc puts in front of libseccomp's filter answer a call with ENOSYS. */
export function isCutOff(call: Pick<PolicyCall, 'arch' | 'number'>, cutoffs: Cutoffs): boolean {
  const sharing = [...cutoffs.keys()].filter((abi) => abiOf(abi).audit === call.arch);
  if (sharing.length === 0) return false;
  if (call.number === 0 && sharing.some((abi) => abi === 's390' || abi === 's390x')) return true;
  const hasBit = (call.number & 0x4000_0000) !== 0;
  const [abi] = sharing.filter((each) => !['x86_64', 'x32'].includes(each) || (each === 'x32') === hasBit);
  return abi !== undefined && call.number > (cutoffs.get(abi) ?? 0);
}

/**
 * The rules that apply to the host by moby's implementation of includes and excludes, which is independent of ours.
 * containers/common has no minKernel, and the runtime specification has none of these fields.
 */
export function rulesOn({ document, format }: Profile, host: Host): readonly Rule[] {
  if (format === 'oci') return document.syscalls;
  const version = host.kernel.major * 1000 + host.kernel.minor;
  const isReached = (minKernel: string) => {
    const [major, minor] = minKernel.split('.');
    return version >= Number(major) * 1000 + Number(minor);
  };
  const { docker } = abiOf(host.abi);
  const hasKernel = format === 'docker';
  return (document.syscalls ?? []).filter(({ includes, excludes }) => {
    if (excludes?.arches?.includes(docker) || excludes?.caps?.some((name) => host.capabilities.has(name))) return false;
    if (hasKernel && excludes?.minKernel && isReached(excludes.minKernel)) return false;
    if (includes?.arches?.length && !includes.arches.includes(docker)) return false;
    if (hasKernel && includes?.minKernel && !isReached(includes.minKernel)) return false;
    return includes?.caps?.every((name) => host.capabilities.has(name)) ?? true;
  });
}

/** The action of a rule. EPERM is runc's default errno. */
export function actionOf({ action, errnoRet }: Pick<Rule, 'action' | 'errnoRet'>): Action {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
      return { kind: 'allow' };
    case 'SCMP_ACT_ERRNO':
      return { kind: 'errno', errno: errnoRet ?? 1 };
    case 'SCMP_ACT_KILL':
    case 'SCMP_ACT_KILL_THREAD':
      return { kind: 'kill-thread' };
    case 'SCMP_ACT_KILL_PROCESS':
      return { kind: 'kill-process' };
    case 'SCMP_ACT_LOG':
      return { kind: 'log' };
    case 'SCMP_ACT_NOTIFY':
      return { kind: 'notify' };
    case 'SCMP_ACT_TRACE':
      return { kind: 'trace', message: errnoRet ?? 1 };
    case 'SCMP_ACT_TRAP':
      return { kind: 'trap' };
  }
}

function hex(action: Action): string {
  return returnValue(action).toString(16);
}

/** The comparisons of a rule. If it compares one argument twice, each comparison becomes a rule of its own. */
export function alternativesOf({ args }: Rule): readonly (readonly Argument[])[] {
  const isRepeated = new Set(args.map(({ index }) => index)).size < args.length;
  return isRepeated ? args.map((each) => [each]) : [args];
}

/** enum scmp_compare of seccomp.h. */
const OPERATORS = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
} as const;

function comparison({ index, op, value, valueTwo }: Argument): string {
  return `${index} ${OPERATORS[op]} ${value} ${valueTwo ?? 0n}`;
}
