/** `seccomp run --explain`: runs a program as a child, and reports the calls that the profile denies. */

import { constants } from 'node:os';
import type { Descendants, ProgramOptions, Remedy, StartSource, Violation } from '../index.js';
import { callInWords, endedBySigsys, sigsysText } from '../notify/violations/denial-messages.js';
import { denialsIn, isPerhapsForNscd } from '../notify/violations/fallback.js';
import { builtinNames } from '../profile/source-names.js';
import { printableJson, printableLine, shownName } from '../util/foreign-text.js';
import { actionInWords } from './output/action-text.js';
import { pathFlags } from './output/path-flags.js';
import { printMessage } from './output/print.js';
import { messageWidth, wrap, wrapJson } from './output/wrap.js';
import { runAsChild } from './run-as-child.js';

/** The columns of `seccomp: `, which precedes a message. */
const NAME = 9;
/** Precede a remedy in the summary. */
const REMEDY = '        to allow: ';
const PERHAPS_NEEDED = '        to allow, if it uses Unix sockets itself: ';

/**
 * Runs a program, and rejects if it can't be started. Exits as the program does.
 *
 * @param profileName - The name of its profile.
 * @param sandbox - The name of its sandbox; undefined without one.
 */
export async function runBeside(
  command: string,
  args: readonly string[],
  profile: StartSource,
  options: ProgramOptions,
  descendants: Descendants,
  profileName: string,
  sandbox: string | undefined,
): Promise<void> {
  const reportPaths = options.paths !== undefined;
  await runAsChild(command, args, profile, { ...options, onViolation: report, reportPaths }, descendants, (child) => {
    const { end, violations, unlistedViolations, unseenCalls } = child;
    const isKilled = endedBySigsys(end.code, end.signal);
    const isDenied = denialsIn(violations).length > 0 || unlistedViolations > 0;
    if (!(isKilled || isDenied)) printMessage(nothingDenied(sandbox ?? profileName, unseenCalls.length === 0));
    summarize(violations, unlistedViolations, sandbox, end.code === 0);
    for (const reason of unseenCalls)
      printMessage(...wrap(`denied calls may be missing: ${reason}`, NAME, messageWidth()));
    if (isKilled) printMessage(sigsysText('--explain'));
  });
}

/** Reports the first call of a kind. */
function report(violation: Violation): void {
  const { executable, pid, instruction, rule, why } = violation;
  const program = `${shownName(executable ?? 'process')} [${pid ?? 'unknown'}]`;
  const caller = instruction === null ? program : `${program}, at ${shownName(instruction)}`;
  const place = rule?.line === undefined ? '' : ` (line ${rule.line})`;
  const [reason = '', ...more] = wrap(`${why}${place}`, 2, messageWidth());
  const lines = [`by ${caller}`, reason].map((line) => `  ${line}`);
  printMessage(outcomeText(violation), ...lines, ...more, ...hints(violation).map((line) => `  ${line}`));
}

/** Notes on a denial that programs expect, which is usually harmless. */
function hints({ action, fallback }: Violation): readonly string[] {
  if (fallback) return ['a fallback: programs expect this error, and use an older call or do without'];
  if (action.kind !== 'errno' || action.errno !== constants.errno.ENOSYS) return [];
  return ['as on a kernel without this call: most programs then use an older one'];
}

/**
 * Reports all kinds of denied calls after the end of the program. One that succeeded may have done without them: to allow
 * them would only open its sandbox.
 */
function summarize(
  violations: readonly Violation[],
  unlisted: number,
  sandbox: string | undefined,
  hasSucceeded: boolean,
): void {
  const denials = denialsIn(violations);
  const fallbacks = violations.filter(({ fallback }) => fallback);
  if (denials.length > 0) {
    const heading = `${kinds(denials.length)} of calls denied${hasSucceeded ? ', perhaps not needed: the exit status is 0' : ''}`;
    printMessage(heading, ...withRemedies(denials, sandbox));
  }
  const flags = allFlags(denials);
  if (flags !== undefined) printMessage(`to allow all of these files: ${flags}`);
  if (unlisted > 0) printMessage(`${unlisted} more calls were denied, of kinds beyond those that are listed`);
  if (fallbacks.length === 0) return;
  const lines = fallbacks.map(countText);
  printMessage(`${kinds(fallbacks.length)} of calls that programs do without`, ...lines);
}

function nothingDenied(name: string, isAllSeen: boolean): string {
  return `${isAllSeen ? 'no call was denied' : 'no call is known to have been denied'} by ${shownName(name)}`;
}

/** Lists the kinds of denied calls. A remedy that several of them share follows the last of these. */
function withRemedies(denials: readonly Violation[], sandbox: string | undefined): readonly string[] {
  const groups = new Map<string, readonly string[]>();
  for (const denial of denials) {
    const label = isPerhapsForNscd(denial) ? PERHAPS_NEEDED : REMEDY;
    const remedy = `${label}${remedyLines(denial, sandbox, label.length).join('\n')}`;
    groups.set(remedy, [...(groups.get(remedy) ?? []), countText(denial)]);
  }
  return [...groups].flatMap(([remedy, lines]) => [...lines, ...remedy.split('\n')]);
}

function kinds(count: number): string {
  return count === 1 ? 'one kind' : `${count} kinds`;
}

function countText(violation: Violation): string {
  return `${`${violation.count}×`.padStart(7)} ${outcomeText(violation)}`;
}

/** `socket(AF_NETLINK, SOCK_RAW, 0): EPERM` */
function outcomeText(violation: Violation): string {
  return `${callInWords(violation)}: ${actionInWords(violation.action)}`;
}

/** The remedy for a kind of calls, in lines, of which the first begins at a column. */
function remedyLines(denial: Violation, sandbox: string | undefined, column: number): readonly string[] {
  const { remedy, rule } = denial;
  const isRule = remedy !== undefined && remedy.paths === undefined && rule === undefined;
  const text = printableLine(remedyText(denial, sandbox));
  return isRule ? wrapJson(text, column, messageWidth()) : [text];
}

/** The same as text. A rule that is added has no effect where another rule denies the call. */
function remedyText({ remedy, rule, deniedBy, profile, path }: Violation, sandbox: string | undefined): string {
  if (deniedBy === 'isolation') return 'run with --no-isolate';
  if (deniedBy === 'network')
    return sandbox === undefined ? 'run without --no-network' : `leave "network" out of ${shownName(sandbox)}`;
  if (remedy?.paths !== undefined) return pathFlags(remedy.paths).join(' ');
  if (deniedBy === 'paths' && path !== undefined) return 'no flag allows just this: grant what it needs there by name';
  if (deniedBy === 'paths') return 'run without --read, --write and --execute';
  if (remedy === undefined) return 'no rule allows just these calls';
  if (rule === undefined) return printableJson(remedy);
  if (profile !== undefined && builtinNames().includes(profile))
    return `${extensionText(profile, remedy)}; stringify() makes it JSON for --profile`;
  return `change ${rule.path}, which denies it; if the default action denies too, add ${printableJson(remedy)}`;
}

/** The flags for all denied files together; undefined if there are not several. A path that is granted twice is needed once. */
function allFlags(denials: readonly Violation[]): string | undefined {
  const lists = new Map<string, Set<string>>();
  for (const { remedy } of denials)
    for (const [list, paths] of Object.entries(remedy?.paths ?? {}))
      lists.set(list, new Set([...(lists.get(list) ?? []), ...paths]));
  for (const list of ['write', 'execute']) for (const path of lists.get(list) ?? []) lists.get('read')?.delete(path);
  const flags = pathFlags(Object.fromEntries([...lists].map(([list, paths]) => [list, [...paths]])));
  return flags.length > 1 ? flags.join(' ') : undefined;
}

/** `extend('node-no-exec').allow('execve')`: a rule of a built-in profile cannot be changed in place. */
function extensionText(profile: string, { names: [name], args = [] }: Remedy): string {
  const tests = args.map(({ index, value }) => `, arg(${index}).eq(${value})`);
  return `extend('${profile}').allow('${name}'${tests.join('')})`;
}
