/**
 * Constants by name: errnos, and the constants that C programs use for arguments of syscalls. Read from
 * lib/syscalls/generated/.
 */
import { type AbiName, abiOf } from './abi.js';
import { COMMON_CONSTANTS, type CommonConstants } from './generated/common-constants.js';
import { type VaryingConstant, varyingConstants } from './generated/constants.js';

/** The name of a constant: `AF_INET`, `O_CREAT`, `TIOCSTI`, `EPERM`, … */
export type ConstantName = keyof CommonConstants | VaryingConstant;

/** The name of an errno: a constant that begins with E and has no underscore. */
export type ErrnoName = Exclude<Extract<ConstantName, `E${string}`>, `${string}_${string}`>;

let texts: ReadonlyMap<string, string> | undefined;

/**
 * Returns the text of each constant by its name: its value, or several values for different architectures. Made at the
 * first use, so that importing this file takes little time.
 */
function textOf(): ReadonlyMap<string, string> {
  texts ??= new Map([...commonTexts(), ...varyingTexts()].sort(([a], [b]) => (a < b ? -1 : 1)));
  return texts;
}

type NamedText = readonly [name: string, text: string];

const commonTexts = () => Object.entries(constants).map(([name, value]): NamedText => [name, String(value)]);

const varyingTexts = () =>
  varyingConstants()
    .trim()
    .split('\n')
    .map((line): NamedText => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]);

/** Every name that has a value on some ABI. */
export function constantNames(): readonly string[] {
  return [...textOf().keys()];
}

/** Whether a constant is an errno. */
export function isErrno(name: string): boolean {
  return /^E[A-Z0-9]+$/.test(name) && textOf().has(name);
}

/**
 * Returns the value of a constant on an ABI, which is also its value on the other ABIs that the ABI's machines run. A
 * negative value is returned as an unsigned 32-bit number. Undefined if the ABI has no such constant.
 */
export function constantOn(abi: AbiName, name: string): number | undefined {
  const [most = '-', ...others] = textOf().get(name)?.split('; ') ?? [];
  const { docker } = abiOf(abi);
  const other = others.map((text) => text.split(': ')).find(([, names]) => names?.split(' ').includes(docker));
  const value = other?.[0] ?? most;
  return value === '-' ? undefined : Number(value);
}

/**
 * The constants that have the same value on every ABI, as numbers. Give all others by name: they are resolved for
 * each ABI.
 * @example
 * import { arg, constants, Profile } from 'seccomp';
 * const flags = constants.CLONE_NEWUSER + constants.CLONE_NEWNET;
 * const profile = Profile.denylist().deny('unshare', arg(0).hasFlags(flags));
 */
export const constants: Readonly<CommonConstants> = Object.freeze(JSON.parse(COMMON_CONSTANTS));
