/** Violations by Landlock: calls that name files to which the option `paths` gives no right. */
import { resolve } from 'node:path';
import { MAX_CAPTURE } from '../../decode/captures.js';
import { decode } from '../../decode/decode.js';
import { callSiteOf, observedCall, recordedCall } from '../../decode/observed-call.js';
import { textFromBytes } from '../../decode/text-from-bytes.js';
import { type NamingCall, PATH_CALLS } from '../../landlock/denials/path-calls.js';
import type { FindPathDenial } from '../../landlock/denials/path-denial.js';
import type { NativeFile, NativeKind } from '../../native.js';
import { constantOn } from '../../syscalls/constants.js';
import { once } from '../../util/memo.js';
import { own } from '../../util/own-data.js';
import { namingCall } from '../naming-call.js';
import type { DeniedKind } from './violation.js';

/** A program that makes files in /tmp needs no grant of all that others have there. */
const FOR_TMP = ": '@tmp' in write gives the program a directory of its own, in TMPDIR";

/** Describes a kind of calls with files that the ruleset of the child denies; undefined if it does not. */
export function deniedByPaths(kind: NativeKind, find: FindPathDenial): DeniedKind | undefined {
  const { files } = kind;
  const call = { ...observedCall(kind), captured: namesIn(kind) };
  const naming = namingCall(kind);
  const denial = find(naming);
  if (denial === undefined) return undefined;
  const { errno, denied, remedy } = denial;
  const action = { kind: 'errno', errno: constantOn(call.abi, errno) ?? 0 } as const;
  const findings = {
    fallback: isReadingItself(kind, denied, files[denial.file]) || isTerminalCheck(naming),
    deniedBy: 'paths',
    profile: undefined,
    rule: undefined,
    why: `paths does not grant ${denied}${remedy && own(remedy.paths).write?.includes('@tmp') ? FOR_TMP : ''}`,
    remedy,
  } as const;
  return {
    call: { ...recordedCall(call, callSiteOf(kind)), action, path: pathOf(files[denial.file]) },
    decoded: once(() => decode(call)),
    findings: () => findings,
  };
}

/**
 * Whether a shell tries the terminal that it was not given: Bash does when it starts, and does without. Programs that ask
 * for a password open it without O_NONBLOCK.
 */
export const isTerminalCheck = ({ abi, flags, files: [file] }: NamingCall): boolean =>
  file?.path === '/dev/tty' && (flags & (constantOn(abi, 'O_NONBLOCK') ?? 0)) !== 0;

/**
 * Whether a process reads what the kernel tells about itself, as language runtimes do when they start: their own maps and
 * cgroup. They do without.
 */
const isReadingItself = (kind: NativeKind, denied: string, named: NativeFile | undefined): boolean =>
  named !== undefined && denied === `reading ${textFromBytes(named.file.path)}` && isAboutItself(kind, named);

/** Whether a process names a file about itself in /proc. */
export const isAboutItself = ({ pid }: NativeKind, { text, file }: NativeFile): boolean =>
  pid > 0 && namesItself(textFromBytes(text), pid) && textFromBytes(file.path).startsWith(`/proc/${pid}/`);

/**
 * Whether a path in a call names a process's own directory in /proc and stays there. The path that was found does not say so:
 * for a file in this process's own directory, it is the same as for one that the process named through /proc/self.
 */
const namesItself = (text: string, pid: number): boolean =>
  /^\/proc\/(?:self|thread-self|\d+)\//.test(text) &&
  !text.split('/').includes('..') &&
  (!/^\/proc\/\d/.test(text) || text.startsWith(`/proc/${pid}/`));

/** The paths of a call as the memory that its arguments point to. */
function namesIn(kind: NativeKind): readonly (Uint8Array | undefined)[] {
  const places = PATH_CALLS.get(observedCall(kind).syscall)?.paths ?? [];
  return kind.args.map((_, index) => {
    const at = places.findIndex(({ argument, addressSize }) => argument === index && addressSize === undefined);
    return at < 0 ? undefined : kind.files[at]?.text.subarray(0, MAX_CAPTURE);
  });
}

/** The path that a call names, absolute. Links are not resolved, unless one may be before a `..`. */
function pathOf(named: NativeFile | undefined): string | undefined {
  const text = named === undefined ? '' : textFromBytes(named.text);
  if (named === undefined || /(?:^|\/)\.\.(?:\/|$)/.test(text)) return named && textFromBytes(named.file.path);
  return resolve(textFromBytes(named.base) || '/', text);
}
