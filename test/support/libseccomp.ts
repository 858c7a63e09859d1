/** libseccomp's filter of a profile, fed as runc feeds it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { returnValue } from '../../lib/policy/action.js';
import type { Action } from '../../lib/policy/policy.js';
import type { Argument, Rule } from '../../lib/profile/document.js';
import type { Profile } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve.js';
import { abiOf } from '../../lib/syscalls/abi.js';
import { compileC } from './compile-c.js';

/** 1 is libseccomp's default; 2 is a binary tree. */
export type Optimize = 1 | 2;

/** Why libseccomp can't be asked here; undefined if it can. */
export function libseccompObstacle(): string | undefined {
  const includes = ['-fsyntax-only', '-x', 'c', '-include', 'seccomp.h', '/dev/null'];
  return spawnSync(process.env['CC'] ?? 'cc', includes).status === 0
    ? undefined
    : 'needs a C compiler and libseccomp-dev';
}

/** The program that libseccomp makes of `rules`, in the byte order of the native ABI. */
export function libseccompFilter(rules: string): Buffer {
  // Some linkers drop a library that nothing before it asks for.
  const program = compileC('../../bench/libseccomp-filter.c', ['-Wl,--no-as-needed', '-lseccomp']);
  return execFileSync(program, { input: rules, stdio: 'pipe' });
}

/**
 * What runc tells libseccomp, as bench/libseccomp-filter.c reads it: one rule after the other by name, those equal to the
 * default action left out. Source: runc, libcontainer/seccomp/seccomp_linux.go.
 */
export function runcRules(profile: Profile, host: Host, optimize?: Optimize): string {
  const { abis, defaultAction } = resolve(profile, host);
  const [native, ...others] = abis.map(({ abi }) => abi.name);
  const fallback = hex(defaultAction);
  const lines = rulesOn(profile, host).flatMap((rule) => {
    const action = hex(actionOf(rule));
    if (action === fallback) return [];
    return rule.names.flatMap((name) => alternatives(rule).map((args) => ['rule', action, name, ...args].join(' ')));
  });
  // More rules than that, and runc asks for the tree.
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

/** The rules that hold on the host, by moby's reading of includes and excludes, not by ours. */
export function rulesOn({ document }: Profile, host: Host): readonly Rule[] {
  const version = host.kernel.major * 1000 + host.kernel.minor;
  const isReached = (minKernel: string) => {
    const [major, minor] = minKernel.split('.');
    return version >= Number(major) * 1000 + Number(minor);
  };
  const { docker } = abiOf(host.abi);
  return (document.syscalls ?? []).filter(({ includes, excludes }) => {
    if (excludes?.arches?.includes(docker) || excludes?.caps?.some((name) => host.capabilities.has(name))) return false;
    if (excludes?.minKernel && isReached(excludes.minKernel)) return false;
    if (includes?.arches?.length && !includes.arches.includes(docker)) return false;
    if (includes?.minKernel && !isReached(includes.minKernel)) return false;
    return includes?.caps?.every((name) => host.capabilities.has(name)) ?? true;
  });
}

/** The action of a rule; EPERM is runc's errno for a rule that has none. */
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

/** A rule's comparisons. If one argument is compared twice, each comparison is a rule of its own. */
function alternatives({ args }: Rule): readonly (readonly string[])[] {
  const all = args ?? [];
  const isRepeated = new Set(all.map(({ index }) => index)).size < all.length;
  return isRepeated ? all.map((each) => [comparison(each)]) : [all.map(comparison)];
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
